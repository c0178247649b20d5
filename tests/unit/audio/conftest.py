"""The two ffmpeg builds that Danpa must work with, and the catalogue of files."""

from __future__ import annotations

from pathlib import Path

import imageio_ffmpeg
import pytest

from tests.audio_files import AudioFiles, system_ffmpeg


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> AudioFiles:
    return AudioFiles(tmp_path_factory.mktemp("audio-files"))


@pytest.fixture(scope="session")
def wheel() -> Path:
    """The ffmpeg that every installation has."""
    return Path(imageio_ffmpeg.get_ffmpeg_exe())


@pytest.fixture(params=["wheel", "system"], scope="session")
def ffmpeg(request: pytest.FixtureRequest, wheel: Path) -> Path:
    """Each build in turn; the machine's own only where there is one."""
    if request.param == "wheel":
        return wheel
    found = system_ffmpeg()
    if found is None:
        pytest.skip("no ffmpeg of the machine's own")
    return found
