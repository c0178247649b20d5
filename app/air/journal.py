"""The air process's journal: fixed records in a file whose room is reserved at arming, so that a full disk cannot end it.

Record n lies at byte n * 256, padded with spaces, ended by a newline; a record that begins with a zero byte is
reserved and not written yet. The engine imports records by their number, each once.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

RECORD_BYTES = 256
RESERVED_PER_AIRING = 64
"""Records that arming sets aside: accepted, started, ended, and what may go wrong in between."""


@dataclass(frozen=True, slots=True)
class Record:
    """One thing that happened on the air side."""

    sequence: int
    at: datetime
    kind: str
    airing_id: int
    version: int
    detail: str | None = None
    """Words, or of what an output did its figures as a JSON object."""


class Journal:
    """The writing end; there is one, under the air process's lock."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._next = _first_blank(self._descriptor)
        if self._next and not _is_whole(self._descriptor, self._next - 1):
            # A power cut tore the last record apart: it is written again, or no reader would get past it.
            self._next -= 1

    def reserve(self, records: int = RESERVED_PER_AIRING) -> None:
        """Set room aside beyond the last record.

        Raises:
            OSError: the disk is full; nothing may be armed then.
        """
        os.posix_fallocate(self._descriptor, self._next * RECORD_BYTES, records * RECORD_BYTES)
        os.fsync(self._descriptor)

    def write(
        self,
        kind: str,
        airing_id: int,
        version: int,
        at: datetime,
        detail: str | Mapping[str, Any] | None = None,
    ) -> None:
        """Append one record; it is on the disk when this returns.

        Raises:
            OSError: the disk is full beyond what was reserved, or fails. Nothing was written; it may be tried again.
        """
        body: dict[str, Any] = {
            "seq": self._next,
            "at": at.isoformat(),
            "kind": kind,
            "airing": airing_id,
            "version": version,
        }
        if detail:
            body["detail"] = detail
        # A record that ran over its end would make the next one unreadable. What is not ASCII takes six bytes a letter.
        while len(line := json.dumps(body, separators=(",", ":")).encode()) >= RECORD_BYTES:
            body["detail"] = _shortened(body["detail"])
        os.pwrite(self._descriptor, line.ljust(RECORD_BYTES - 1) + b"\n", self._next * RECORD_BYTES)
        os.fdatasync(self._descriptor)
        self._next += 1

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


def read_journal(path: Path, first: int) -> Iterator[Record]:
    """Records from number ``first`` on. A record that a power cut tore apart ends the reading until it is whole."""
    if not path.exists():
        return
    with path.open("rb") as stream:
        stream.seek(first * RECORD_BYTES)
        while len(line := stream.read(RECORD_BYTES)) == RECORD_BYTES and line[0]:
            try:
                body = json.loads(line)
            except ValueError:
                return
            yield Record(
                sequence=body["seq"],
                at=datetime.fromisoformat(body["at"]),
                kind=body["kind"],
                airing_id=body["airing"],
                version=body["version"],
                detail=_as_text(body.get("detail")),
            )


def count_records(path: Path) -> int:
    """How many records there are: the number of the next one.

    Raises:
        OSError: there is no journal, or it cannot be read.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return _first_blank(descriptor)
    finally:
        os.close(descriptor)


def _shortened(detail: str | Mapping[str, Any]) -> str | Mapping[str, Any]:
    """Words lose their end; of an object only what is called ``why`` does: figures and names are whole or nothing.

    Raises:
        ValueError: there is nothing left to shorten.
    """
    if isinstance(detail, str):
        return detail[: len(detail) * 3 // 4]
    if not (why := detail.get("why")):
        raise ValueError(f"too long for a record: {dict(detail)}")
    return {**detail, "why": why[: len(why) * 3 // 4]}


def _as_text(detail: str | dict[str, Any] | None) -> str | None:
    return json.dumps(detail) if isinstance(detail, dict) else detail


def _is_whole(descriptor: int, number: int) -> bool:
    try:
        json.loads(os.pread(descriptor, RECORD_BYTES, number * RECORD_BYTES))
    except ValueError:
        return False
    return True


def _first_blank(descriptor: int) -> int:
    """The number of the first record that is not written; records are written in order, so it can be searched for."""
    low, high = 0, os.fstat(descriptor).st_size // RECORD_BYTES
    while low < high:
        middle = (low + high) // 2
        if os.pread(descriptor, 1, middle * RECORD_BYTES) in (b"", b"\0"):
            high = middle
        else:
            low = middle + 1
    return low
