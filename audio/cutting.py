"""Making the cut of a master that its edits ask for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from audio.edits import Edits
from audio.ingest import Master


@dataclass(frozen=True, slots=True)
class Cut:
    """A cut's own master, and the samples of it at which sound that was apart is together."""

    master: Master
    joins: tuple[int, ...]


def cut(master: Path, samples: int, edits: Edits, destination_dir: Path, *, ffmpeg: Path) -> Cut:
    """To be made."""
    raise NotImplementedError
