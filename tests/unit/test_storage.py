"""Blobs: written once, named by what they hold, and put right when a disk has damaged one."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from app.storage import Blobs, sha256_of, write_atomically


def test_what_is_made_again_replaces_a_damaged_blob(tmp_path: Path) -> None:
    """Compiling again is what people are told to do; it gives the same name and must give the right bytes."""
    blobs = Blobs(tmp_path / "blobs")
    made = tmp_path / "made"
    made.write_bytes(b"sound")
    sha256 = sha256_of(made)
    blob = blobs.adopt(made, "artefacts", sha256, ".mp3")
    blob.write_bytes(b"s0und")
    os.utime(blob, (0, 0))
    made.write_bytes(b"sound")
    assert blobs.adopt(made, "artefacts", sha256, ".mp3") == blob
    assert sha256_of(blob) == sha256
    assert not made.exists()
    assert blob.stat().st_mtime > 0, "young again: the garbage collection must leave it alone"


def test_two_threads_may_write_the_same_file(tmp_path: Path) -> None:
    path = tmp_path / "web.json"
    bodies = [b"one" * 1000, b"another" * 1000]

    def write(body: bytes) -> None:
        for _ in range(200):
            write_atomically(path, body)
            assert path.read_bytes() in bodies

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, bodies))
    assert list(tmp_path.iterdir()) == [path]
