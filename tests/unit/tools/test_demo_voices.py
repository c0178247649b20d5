"""The demo pack in the repository is whole, small, free, and what its list says."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import pytest

VOICES = Path(__file__).parents[3] / "app" / "demo" / "voices"
SEGMENTS: list[dict[str, Any]] = json.loads((VOICES / "pack.json").read_text(encoding="utf-8"))["segments"]


def test_every_recording_is_listed_and_every_listed_one_is_there() -> None:
    assert sorted(each["file"] for each in SEGMENTS) == sorted(file.name for file in VOICES.glob("*.opus"))


def test_every_speech_has_its_text() -> None:
    texts = {each["text"] for each in SEGMENTS if each["kind"] != "music"}
    assert texts == {file.name for file in VOICES.glob("*.txt")}


def test_everything_is_free_to_use() -> None:
    assert {each["licence"] for each in SEGMENTS} == {"CC0-1.0"}


def test_it_is_small_enough_to_live_in_the_repository() -> None:
    assert sum(file.stat().st_size for file in VOICES.iterdir()) < 2_500_000


def test_it_has_what_a_programme_is_made_of() -> None:
    kinds = [each["kind"] for each in SEGMENTS]
    assert {"ident", "announcement", "talk", "testimony", "music"} < set(kinds)
    assert kinds.count("news") >= 2, "an older bulletin must be there for a newer one to be picked"


@pytest.mark.parametrize("segment", SEGMENTS, ids=[each["file"] for each in SEGMENTS])
def test_each_decodes_to_the_length_that_the_list_tells(segment: dict[str, Any]) -> None:
    pcm = subprocess.run(
        [
            *(imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(VOICES / segment["file"])),
            *("-f", "s16le", "-ac", "1", "-ar", "48000", "-"),
        ],
        check=True,
        capture_output=True,
    ).stdout
    assert len(pcm) / 2 / 48_000 == pytest.approx(segment["duration_s"], abs=0.05)
    assert max(pcm[1::2]) > 16, "silence"
