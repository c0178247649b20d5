from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Audio:
    """A file to deliver, under the name it shall have at the site."""

    path: Path
    name: str

    @property
    def content(self) -> bytes:
        return self.path.read_bytes()

    @property
    def size(self) -> int:
        return self.path.stat().st_size

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def make_audio(folder: Path, seed: int = 1, size: int = 1_500_000) -> Audio:
    path = folder / f"artefact-{seed}.mp3"
    path.write_bytes(random.Random(seed).randbytes(size))
    return Audio(path, "20261122_2000_TAC_7500.mp3")
