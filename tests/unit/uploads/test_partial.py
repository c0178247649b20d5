"""The file of an upload: what is told is on the disk, what is not told is cut off, and the hash is right in the end."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.uploads.errors import ChecksumMismatch, Gone, Locked
from app.uploads.partial import Checksum, PartialFile, RunningHash, make_file


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "a.part"
    make_file(made)
    return made


def sha1(piece: bytes) -> Checksum:
    return Checksum("sha1", hashlib.sha1(piece, usedforsecurity=False).digest())


def test_the_file_is_its_owner_s_alone(path: Path) -> None:
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        make_file(path)


def test_two_processes_do_not_write_at_once(path: Path) -> None:
    with PartialFile(path, 0, RunningHash(), None), pytest.raises(Locked):
        PartialFile(path, 0, RunningHash(), None)
    with PartialFile(path, 0, RunningHash(), None):
        pass


def test_a_file_that_is_too_short_is_not_continued(path: Path) -> None:
    path.write_bytes(b"four")
    with pytest.raises(Gone, match="shorter"):
        PartialFile(path, 5, RunningHash(), None)


def test_a_wrong_piece_leaves_file_and_hash_as_they_were(path: Path) -> None:
    known = RunningHash()
    with PartialFile(path, 0, known, None) as file:
        file.write(b"first")
        assert file.sync() == 5
    with PartialFile(path, 5, file.hash, sha1(b"right")) as file:
        file.write(b"wrong")
        with pytest.raises(ChecksumMismatch, match="from 5 on"):
            file.verify()
        assert file.sync() == 5
    assert path.read_bytes() == b"first"
    with PartialFile(path, 5, file.hash, sha1(b"right")) as file:
        file.write(b"right")
        file.verify()
        file.sync()
    assert file.hash.of(path, 10) == hashlib.sha256(b"firstright").hexdigest()


@given(st.lists(st.tuples(st.binary(max_size=20), st.sampled_from(["seen", "forgotten", "redone"]))))
def test_the_hash_is_that_of_the_file_whatever_this_process_saw(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[tuple[bytes, str]]
) -> None:
    """Of some pieces the process forgot the hash (it is another one); some were written twice, the first time untold."""
    path = tmp_path_factory.mktemp("hash") / "a.part"
    make_file(path)
    known, offset = RunningHash(), 0
    for piece, fate in pieces:
        if fate == "redone":
            with PartialFile(path, offset, known, None) as file:
                file.write(b"untold" + piece)
            known = file.hash
        with PartialFile(path, offset, known, None) as file:
            file.write(piece)
            offset = file.sync()
        known = RunningHash() if fate == "forgotten" else file.hash
    whole = b"".join(piece for piece, _ in pieces)
    assert path.read_bytes() == whole
    assert known.of(path, offset) == hashlib.sha256(whole).hexdigest()
