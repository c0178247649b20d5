from __future__ import annotations

import stat
from pathlib import Path

import pytest

from audio.errors import EncodeFailed
from audio.ingest import ingest
from tests.audio_files import AudioFiles


def test_a_full_disk_is_not_blamed_on_the_recording(files: AudioFiles, wheel: Path, tmp_path: Path) -> None:
    """ffmpeg under a file size limit: it fails to write as it would on a full disk, though it has read everything."""
    limited = tmp_path / "ffmpeg"
    limited.write_text(f"#!/bin/sh\ntrap '' XFSZ\nulimit -f 64\nexec '{wheel}' \"$@\"\n")
    limited.chmod(limited.stat().st_mode | stat.S_IXUSR)
    out = tmp_path / "masters"
    with pytest.raises(EncodeFailed):
        ingest(files.path("wav_s24"), out, ffmpeg=limited)
    assert list(out.iterdir()) == []
