"""What every resource's service does with its rows: find them, compare revisions, keep names unique and uses intact."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

from sqlmodel import Session, SQLModel, func, select

from app.errors import Conflict, Invalid, NotFound, StaleRevision
from schedules.said import Said, say

Row = TypeVar("Row", bound=SQLModel)


class Revised(Protocol):
    """A row that two people may edit."""

    revision: int


def find(session: Session, model: type[Row], row_id: int, name: str) -> Row:
    """The row of an address. Raises NotFound: ``there is no slot 7``."""
    row = session.get(model, row_id)
    if row is None:
        raise NotFound(_gone(name, row_id))
    return row


def referred(session: Session, model: type[Row], row_id: int, name: str, field: str) -> Row:
    """The row that a body's field names. Raises Invalid with the field."""
    row = session.get(model, row_id)
    if row is None:
        raise Invalid(_gone(name, row_id), field=field)
    return row


def _gone(thing: str, row_id: int) -> Said:
    return say("wrong-gone", "there is no {thing} {row_id}", thing=thing, row_id=row_id)


def require_free(session: Session, column: Any, value: str, row_id: int | None, taken_by: Said) -> None:
    """Refuse a value that another row has in a unique column. Raises Conflict, which says what was given."""
    taken = session.exec(select(column.class_.id).where(column == value)).first()
    if taken is not None and taken != row_id:
        raise Conflict(taken_by)


def require_unused(session: Session, column: Any, row_id: int, used: Callable[[int], Said]) -> None:
    """Refuse to delete what other rows refer to; ``used`` is told how many. Raises Conflict with what it says."""
    count = session.exec(select(func.count()).select_from(column.class_).where(column == row_id)).one()
    if count:
        raise Conflict(used(count))


def require_revision(row: Revised, expected: int | None) -> None:
    """Refuse to change what somebody else changed since the client read it; None expects nothing. Raises StaleRevision."""
    if expected is not None and expected != row.revision:
        raise StaleRevision(
            say(
                "wrong-revision",
                "somebody changed this in the meantime (you read revision {expected}, it is now {revision}): "
                "read it again and repeat your change",
                expected=expected,
                revision=row.revision,
            )
        )


def revise(row: Revised, changes: Mapping[str, Any]) -> list[str]:
    """Change a row, as a new revision; the names of the fields that differ."""
    changed = [name for name, value in changes.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, changes[name])
    if changed:
        row.revision += 1
    return changed
