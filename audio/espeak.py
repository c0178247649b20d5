"""The espeak-ng process: text in, a WAV file out. What is missing in a voice pack is spoken by it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from audio.errors import EspeakMissing, SpeechFailed
from audio.pronouncing import pronounced

# It speaks several hundred times faster than people: what takes this long is stuck.
_TIMEOUT_S: Final = 30.0
# espeak-ng takes [[...]] for phonemes, and control characters for commands
_COMMANDS: Final = "[]"


@dataclass(frozen=True, slots=True)
class Voice:
    """One of espeak-ng's voices, by its name ("ko", "ko+f3", "en-us"), and its pace in words a minute as it counts them."""

    name: str
    pace: int = 150


KOREAN: Final = Voice("ko")
ENGLISH: Final = Voice("en")


def find_espeak(configured: Path | None = None) -> Path:
    """The espeak-ng to use: the configured one, else the PATH's.

    Raises `EspeakMissing` when there is none, or when the configured one cannot be executed.
    """
    if configured is not None:
        if not os.access(configured, os.X_OK) or configured.is_dir():
            raise EspeakMissing(f"{configured} cannot be executed.")
        return configured.absolute()
    if found := shutil.which("espeak-ng"):
        return Path(found).absolute()
    raise EspeakMissing


def say(espeak: Path, text: str, voice: Voice, made: Path, *, timeout_s: float = _TIMEOUT_S) -> None:
    """Speak `text` into the WAV file `made`. Korean is given to it as it is pronounced.

    Equal texts give equal bytes (by the same espeak-ng). Raises `EspeakMissing` or `SpeechFailed`.
    """
    words = _plain(text)
    if voice.name.startswith("ko"):
        words = pronounced(words)
    arguments = ["-v", voice.name, "-s", str(voice.pace), "-b", "1", "--stdin", "-w", str(made.absolute())]
    try:
        process = subprocess.Popen(
            [str(espeak), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise EspeakMissing(f"{espeak}: {error.strerror}.") from error
    with process:
        try:
            _, complaints = process.communicate(words.encode(), timeout=timeout_s)
        except subprocess.TimeoutExpired:
            raise SpeechFailed(f"espeak-ng was stopped after {timeout_s:g} seconds.") from None
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    if process.returncode or not made.exists():
        said = complaints.decode("utf-8", "replace").strip()[-300:]
        raise SpeechFailed(f"espeak-ng ended with status {process.returncode}: {said}")


def _plain(text: str) -> str:
    """Text without anything that espeak-ng would obey instead of saying it."""
    return "".join(
        " " if each in _COMMANDS or unicodedata.category(each).startswith("C") else each for each in text
    )
