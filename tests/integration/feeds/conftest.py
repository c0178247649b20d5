from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from pathlib import Path

import pytest


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


@pytest.fixture
def audio(tmp_path: Path) -> Audio:
    return make_audio(tmp_path)


@pytest.fixture
def newer(tmp_path: Path) -> Audio:
    """Version 2 of the same airing: other bytes, the same name."""
    return make_audio(tmp_path, seed=2)
