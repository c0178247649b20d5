"""The ffmpeg process: where the program is, how it is fenced in, how a run begins and ends."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self, cast

from audio.errors import AudioError, EncodeFailed, FfmpegMissing
from audio.pcm import RATE

# Demuxers of what producers and phones make. Anything that can name another file or host (HLS, DASH, concat scripts,
# SDP, image sequences) is not here, and ffmpeg refuses what is not here by what the content is, not by its name.
SOURCE_FORMATS: Final = "wav,w64,aiff,caf,au,flac,wv,mp3,aac,ac3,ogg,amr,mov,mp4,m4a,3gp,3g2,matroska,webm,asf,avi,flv,mpeg,mpegts"
# One allocation no larger than this: a header that promises a gigantic packet or picture gets no memory.
_MAX_ALLOC_BYTES: Final = 512 * 1024 * 1024
_STDERR_TAIL_BYTES: Final = 4096


def find_ffmpeg(configured: Path | None = None) -> Path:
    """The ffmpeg to use: the configured one, else the PATH's, else the imageio-ffmpeg wheel's.

    Raises `FfmpegMissing` when there is none, or when the configured one cannot be executed.
    """
    if configured is not None:
        if not os.access(configured, os.X_OK) or configured.is_dir():
            raise FfmpegMissing(f"{configured} cannot be executed.")
        return configured.absolute()
    if found := shutil.which("ffmpeg"):
        return Path(found).absolute()
    import imageio_ffmpeg

    try:
        return Path(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise FfmpegMissing from error


def build_id(ffmpeg: Path) -> str:
    """A short name of this build, for cache keys: two builds need not encode to the same bytes."""
    try:
        stat = ffmpeg.stat()
    except OSError as error:
        raise FfmpegMissing(f"{ffmpeg}: {error.strerror}.") from error
    return _build_id(ffmpeg, stat.st_mtime_ns, stat.st_size)


@functools.lru_cache(maxsize=8)
def _build_id(ffmpeg: Path, _mtime_ns: int, _size: int) -> str:
    try:
        version = subprocess.run([ffmpeg, "-version"], capture_output=True, check=True, timeout=30).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise FfmpegMissing(f"{ffmpeg} does not run.") from error
    return hashlib.sha256(version).hexdigest()[:12]


def file_url(path: Path) -> str:
    """A path as ffmpeg takes it literally, whatever it begins with or contains."""
    return f"file:{path.absolute()}"


def source_input(path: Path, demuxer: str | None = None) -> list[str]:
    """Input arguments for a file from outside: it may be one of the producers' formats and open nothing else.

    `demuxer` is the one format that it is, where that is known.
    """
    return [
        *("-protocol_whitelist", "file,pipe", "-format_whitelist", SOURCE_FORMATS),
        *(("-f", demuxer) if demuxer else ()),
        *("-i", file_url(path)),
    ]


def own_input(path: Path, demuxer: str) -> list[str]:
    """Input arguments for a file that we made: nothing is guessed."""
    return ["-protocol_whitelist", "file,pipe", "-f", demuxer, "-i", file_url(path)]


def ample_time(samples: int) -> float:
    """Seconds after which work on `samples` of our own sound is stuck rather than slow (it runs at 50 to 500 times real time)."""
    return 120.0 + samples / RATE


class Ffmpeg:
    """One run of ffmpeg in a process group of its own, as a context manager.

    Leaving the block kills whatever still runs. After `timeout_s` seconds the group is killed too: the pipes end, and
    `wait` raises `on_timeout`.

    `stdin` and `stdout` are pipes when asked for.
    """

    stdin: IO[bytes]
    stdout: IO[bytes]

    def __init__(
        self,
        ffmpeg: Path,
        arguments: Sequence[str],
        *,
        timeout_s: float,
        on_timeout: type[AudioError] = EncodeFailed,
        stdin: bool = False,
        stdout: bool = False,
    ) -> None:
        command = [str(ffmpeg), "-nostdin", "-hide_banner", "-nostats", "-loglevel", "error", "-y"]
        command += ["-max_alloc", str(_MAX_ALLOC_BYTES), *arguments]
        self._on_timeout = on_timeout
        self._timeout_s = timeout_s
        self._timed_out = False
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
                stdout=subprocess.PIPE if stdout else subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise FfmpegMissing(f"{ffmpeg}: {error.strerror}.") from error
        if self._process.stdin is not None:
            self.stdin = self._process.stdin
        if self._process.stdout is not None:
            self.stdout = self._process.stdout
        self._stderr = b""
        self._listener = threading.Thread(target=self._listen, name="ffmpeg-stderr", daemon=True)
        self._listener.start()
        self._timer = threading.Timer(timeout_s, self._time_out)
        self._timer.daemon = True
        self._timer.start()

    def _listen(self) -> None:
        """Keep the end of what ffmpeg complains of: a broken file can fill gigabytes."""
        stderr = cast("IO[bytes]", self._process.stderr)
        while chunk := os.read(stderr.fileno(), 65536):
            self._stderr = (self._stderr + chunk)[-_STDERR_TAIL_BYTES:]

    def _time_out(self) -> None:
        self._timed_out = True
        self.kill()

    def kill(self) -> None:
        """End the process and everything that it started."""
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def finish(self) -> int:
        """Close our ends, wait, and give the exit status. Raises `on_timeout` if time ran out."""
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        status = self._process.wait()
        self._listener.join()
        if self._timed_out:
            raise self._on_timeout(f"It was stopped after {self._timeout_s:.0f} seconds.")
        return status

    def wait(self) -> None:
        """As `finish`, and raise `EncodeFailed` unless ffmpeg was content."""
        if status := self.finish():
            raise EncodeFailed(f"ffmpeg ended with status {status}: {self.complaints[-300:]}")

    @property
    def complaints(self) -> str:
        """The end of ffmpeg's error log, for people; nothing depends on its words."""
        return self._stderr.decode("utf-8", "replace").strip()

    def __enter__(self) -> Self:
        return self

    def close(self) -> None:
        """End the process if it still runs, and free its pipes."""
        self.kill()
        self._timer.cancel()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        self._process.wait()
        self._listener.join()
        if self._process.stderr is not None:
            self._process.stderr.close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def run(ffmpeg: Path, arguments: Sequence[str], *, timeout_s: float) -> None:
    """Run to the end without pipes. Raises `EncodeFailed`."""
    with Ffmpeg(ffmpeg, arguments, timeout_s=timeout_s) as process:
        process.wait()
