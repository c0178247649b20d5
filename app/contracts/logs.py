"""Taking in a site's log, wholly or not at all, and taking it back."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, delete, select

from app.contracts.log_file import BadCell, LogMapping, LogRow, ReadLog
from app.contracts.models import Contract, LogEntry, LogImport
from app.contracts.service import contract, period
from app.database import id_of
from app.errors import Conflict, Invalid, NotFound
from app.journal.service import record
from schedules.said import say

TOLD = 5
"""So many bad lines are named in a refusal; the dry run names all."""


class UnreadableLog(Invalid):
    """Lines of a log cannot be read, and nothing of it was taken."""

    code = "unreadable-log"


@dataclass(frozen=True, slots=True)
class LogFile:
    """A file as it came, and as it was read."""

    name: str
    sha256: str
    mapping: LogMapping
    log: ReadLog

    @classmethod
    def of(cls, name: str, content: bytes, mapping: LogMapping, log: ReadLog) -> LogFile:
        return cls(name, hashlib.sha256(content).hexdigest(), mapping, log)


@dataclass(frozen=True, slots=True)
class Intake:
    """What an import takes, or would take.

    ``rows`` could be read; of them ``new`` are taken, ``known`` were taken before, ``outside`` start on days that the contract
    does not cover. ``import_id`` is None where nothing was stored.
    """

    rows: int
    new: int
    known: int
    outside: int
    first_at: datetime | None
    last_at: datetime | None
    problems: tuple[BadCell, ...]
    import_id: int | None = None


def look(session: Session, contract_id: int, file: LogFile) -> Intake:
    """The dry run. Raises NotFound, and Conflict where the file was imported with another mapping."""
    of = contract(session, contract_id)
    _require_same_mapping(session, contract_id, file)
    within = _within(of, file.log.rows)
    return _intake(file, within, list(_new(session, contract_id, within)))


def take(session: Session, contract_id: int, file: LogFile, *, now: datetime, by: int | None) -> Intake:
    """Take what is new. Raises as `look`, and UnreadableLog for any line that cannot be read."""
    of = contract(session, contract_id)
    _require_same_mapping(session, contract_id, file)
    if file.log.problems:
        raise UnreadableLog(_complaint(file.log.problems))
    within = _within(of, file.log.rows)
    new = list(_new(session, contract_id, within))
    if not new:
        return _intake(file, within, new)
    made = LogImport(
        contract_id=contract_id,
        file_name=file.name,
        file_sha256=file.sha256,
        mapping=_stored(file.mapping),
        rows=len(new),
        imported_at=now,
        imported_by=by,
    )
    session.add(made)
    session.flush()
    session.add_all(_entry(made, row, occurrence) for row, occurrence in new)
    record(session, "contract.log_imported", at=now, person_id=by, subject_id=contract_id, rows=len(new))
    return _intake(file, within, new, id_of(made))


def take_back(session: Session, contract_id: int, import_id: int, *, now: datetime, by: int | None) -> None:
    """Forget an import and its rows. Raises NotFound."""
    gone = session.get(LogImport, import_id)
    if gone is None or gone.contract_id != contract_id:
        raise NotFound(f"contract {contract_id} has no import {import_id}")
    session.exec(delete(LogEntry).where(col(LogEntry.import_id) == import_id))
    session.delete(gone)
    record(session, "contract.log_taken_back", at=now, person_id=by, subject_id=contract_id, rows=gone.rows)


def _within(of: Contract, rows: Sequence[LogRow]) -> list[LogRow]:
    span = period(of).span
    return [row for row in rows if span.contains(row.span.start)]


def _new(session: Session, contract_id: int, rows: Sequence[LogRow]) -> Iterator[tuple[LogRow, int]]:
    """The rows that were never taken, each with its count among those of the file that say the same."""
    known = set(
        session.exec(
            select(LogEntry.row_sha256, LogEntry.occurrence).where(LogEntry.contract_id == contract_id)
        ).all()
    )
    seen: Counter[str] = Counter()
    for row in rows:
        key = row.sha256, seen[row.sha256]
        seen[row.sha256] += 1
        if key not in known:
            yield row, key[1]


def _entry(of: LogImport, row: LogRow, occurrence: int) -> LogEntry:
    return LogEntry(
        contract_id=of.contract_id,
        import_id=id_of(of),
        line=row.line,
        starts_at=row.span.start,
        stops_at=row.span.end,
        khz=row.khz,
        status=row.status,
        aired=row.aired,
        row_sha256=row.sha256,
        occurrence=occurrence,
    )


def _intake(
    file: LogFile, within: Sequence[LogRow], new: Sequence[tuple[LogRow, int]], import_id: int | None = None
) -> Intake:
    return Intake(
        rows=len(file.log.rows),
        new=len(new),
        known=len(within) - len(new),
        outside=len(file.log.rows) - len(within),
        first_at=min((row.span.start for row in within), default=None),
        last_at=max((row.span.end for row in within), default=None),
        problems=file.log.problems,
        import_id=import_id,
    )


def _require_same_mapping(session: Session, contract_id: int, file: LogFile) -> None:
    """Read with another time zone, say, every row would be a new one beside the old ones."""
    before = session.exec(
        select(LogImport).where(LogImport.contract_id == contract_id, LogImport.file_sha256 == file.sha256)
    ).all()
    for one in before:
        if one.mapping != _stored(file.mapping):
            raise Conflict(
                say(
                    "wrong-log-mapping",
                    "this file was imported on {imported_at:%Y-%m-%d} with another mapping (import {import_id}): take that one back first",
                    imported_at=one.imported_at,
                    import_id=id_of(one),
                )
            )


def _stored(mapping: LogMapping) -> dict[str, Any]:
    """As it comes back from a JSON column."""
    told: dict[str, Any] = json.loads(json.dumps(asdict(mapping)))
    return told


def _complaint(problems: Sequence[BadCell]) -> str:
    told = [
        f"line {bad.line}, column {bad.column}: {bad.reason}"
        if bad.column
        else f"line {bad.line}: {bad.reason}"
        for bad in problems[:TOLD]
    ]
    more = len(problems) - len(told)
    return "; ".join(told) + (f"; and {more} more" if more else "") + ". Nothing was imported"
