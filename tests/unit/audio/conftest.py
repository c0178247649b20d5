"""The two ffmpeg builds that Danpa must work with, and the catalogue of files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import imageio_ffmpeg
import pytest

from tests.audio_files import AudioFiles


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> AudioFiles:
    return AudioFiles(tmp_path_factory.mktemp("audio-files"))


@pytest.fixture(scope="session")
def wheel() -> Path:
    """The ffmpeg that every installation has."""
    return Path(imageio_ffmpeg.get_ffmpeg_exe())


@pytest.fixture(scope="session")
def debians(peer: Callable[[str], Path]) -> Path:
    """The machine's own ffmpeg: on Debian 12 that is 5.1, four years older than the wheel's."""
    return peer("ffmpeg")


@pytest.fixture(params=["wheel", "debians"], scope="session")
def ffmpeg(request: pytest.FixtureRequest) -> Path:
    """Each build in turn."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Path)
    return found
