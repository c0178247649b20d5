from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from audio.errors import AudioError, EncodeFailed, FfmpegMissing, IngestTimeout
from audio.ffmpeg import Ffmpeg, build_id, find_ffmpeg, run
from audio.verify import measure


def test_the_configured_one_comes_first(wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_ffmpeg(wheel) == wheel
    monkeypatch.setenv("PATH", "")
    assert find_ffmpeg() == wheel, "the wheel's, where there is no other"


def test_the_paths_comes_before_the_wheels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wheel: Path
) -> None:
    (tmp_path / "ffmpeg").symlink_to(wheel)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_ffmpeg() == tmp_path / "ffmpeg"


def test_a_configured_one_that_is_not_there_is_not_replaced_in_silence(tmp_path: Path) -> None:
    with pytest.raises(FfmpegMissing, match="nowhere"):
        find_ffmpeg(tmp_path / "nowhere")


def test_something_else_under_its_name_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "ffmpeg"
    other.write_text("#!/bin/sh\nexit 3\n")
    other.chmod(0o755)
    with pytest.raises(FfmpegMissing, match="does not run"):
        build_id(other)


def test_two_builds_have_two_ids(wheel: Path, debians: Path) -> None:
    assert build_id(wheel) == build_id(wheel) != build_id(debians)


def test_leaving_a_run_kills_it(ffmpeg: Path) -> None:
    endless = ["-f", "lavfi", "-i", "sine", "-f", "s16le", "pipe:1"]
    with Ffmpeg(ffmpeg, endless, timeout_s=60, stdout=True) as process:
        assert process.stdout.read(1000)
        pid = process._process.pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def is_gone(pid: int) -> bool:
    try:
        return "State:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_a_run_that_hangs_is_killed_with_all_it_started(tmp_path: Path) -> None:
    """A wrapper script around ffmpeg is common; its child must not survive it."""
    wrapper = tmp_path / "ffmpeg"
    wrapper.write_text(f"#!/bin/sh\nsleep 60 & echo $! > {tmp_path}/child\nwait\n")
    wrapper.chmod(0o755)
    with (
        Ffmpeg(wrapper, [], timeout_s=0.5, on_timeout=IngestTimeout) as process,
        pytest.raises(IngestTimeout),
    ):
        process.finish()
    child = int((tmp_path / "child").read_text())
    limit = time.monotonic() + 20
    while not is_gone(child):  # the kernel kills in its own time, and its new parent may leave a zombie
        assert time.monotonic() < limit
        time.sleep(0.01)


def test_a_failing_run_says_what_ffmpeg_said(ffmpeg: Path, tmp_path: Path) -> None:
    with pytest.raises(EncodeFailed, match="nothing-here"):
        run(ffmpeg, ["-i", str(tmp_path / "nothing-here"), "-f", "null", "-"], timeout_s=20)


def test_measuring_what_is_no_sound_is_an_error(ffmpeg: Path, tmp_path: Path) -> None:
    path = tmp_path / "artefact.mp3"
    path.write_bytes(bytes(10_000))
    with pytest.raises(AudioError):
        measure(path, ffmpeg)
