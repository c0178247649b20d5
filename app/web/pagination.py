"""Lists in pages: ``{"items": [...], "next": cursor}``, by growing (or falling) id, so that nothing is seen twice."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Query, Response
from pydantic import BaseModel
from sqlmodel import Session
from sqlmodel.sql.expression import SelectOfScalar

from app.errors import Invalid

LIMIT = 200
LARGEST_ID = 2**63 - 1
"""Of an SQLite row."""

T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    """One page of a list. ``next`` is the ``cursor`` of the following page; null on the last."""

    items: list[T]
    next: str | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which page: at most ``limit`` things beyond the one with the id ``after``."""

    after: int | None
    limit: int


async def _wanted(
    cursor: Annotated[str | None, Query(description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=LIMIT)] = 50,
) -> Wanted:
    return Wanted(None if cursor is None else _read_cursor(cursor), limit)


WantedPage = Annotated[Wanted, Depends(_wanted)]


def page_of(
    session: Session, query: SelectOfScalar[T], key: Any, wanted: Wanted, *, newest_first: bool = False
) -> tuple[Sequence[T], str | None]:
    """The rows of the wanted page and the cursor of the next. ``key`` is the query's id column."""
    if wanted.after is not None:
        query = query.where(key < wanted.after if newest_first else key > wanted.after)
    query = query.order_by(key.desc() if newest_first else key).limit(wanted.limit + 1)
    rows = session.exec(query).all()
    if len(rows) <= wanted.limit:
        return rows, None
    rows = rows[: wanted.limit]
    return rows, write_cursor(getattr(rows[-1], key.key))


def written(page: Page[Any]) -> Response:
    """The page as its answer. What was built of models needs no second look by the framework, in a thread of its own: that
    was a quarter of what a page of 50 rows costs.
    """
    return Response(page.__pydantic_serializer__.to_json(page), media_type="application/json")


def write_cursor(after: int) -> str:
    """An id as clients carry it: opaque, so that its meaning may change."""
    return base64.urlsafe_b64encode(f"after:{after}".encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> int:
    try:
        word, _, number = (
            base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii").partition(":")
        )
        if word == "after" and (after := int(number)) < LARGEST_ID:
            return after
    except (binascii.Error, ValueError):
        pass
    raise Invalid("this is not a cursor that we gave: begin without one", field="cursor")
