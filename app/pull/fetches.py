"""The log of what went out to sites, and what it proves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from http import HTTPStatus

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from app.database import id_of, writing
from app.pull.models import Fetch

Client = tuple[int, str]
Spans = list[tuple[int, int]]


def begin(database: Engine, fetch: Fetch) -> int:
    """Write an answer down before its first byte."""
    with writing(database) as session:
        session.add(fetch)
        session.flush()
        return id_of(fetch)


def finish(database: Engine, fetch_id: int, *, bytes_sent: int, now: datetime) -> None:
    """Write down what went out."""
    with writing(database) as session:
        fetch = session.get_one(Fetch, fetch_id)
        fetch.bytes_sent, fetch.finished_at = bytes_sent, now


def fetched(
    session: Session, feed_id: int, name: str, sha256: str, *, since: datetime | None = None
) -> datetime | None:
    """When one client had the whole of an object, in one answer or in several that cover it; None where none has.

    One client is one key from one address. ``since`` leaves out what was fetched before (aware): a fixed name with the
    same bytes may have been fetched for another airing. A client that has had the whole, and shows since then that it
    knows (304), has it.
    """
    query = (
        select(Fetch)
        .where(
            Fetch.feed_id == feed_id,
            Fetch.name == name,
            Fetch.sha256 == sha256,
            Fetch.method == "GET",
            col(Fetch.finished_at).is_not(None),
        )
        .order_by(col(Fetch.finished_at), col(Fetch.id))
    )
    return _first_whole(session.exec(query), since)


def _first_whole(fetches: Iterable[Fetch], since: datetime | None) -> datetime | None:
    before: dict[Client, Spans] = defaultdict(list)
    after: dict[Client, Spans] = defaultdict(list)
    for fetch in fetches:
        client, whole = (fetch.pull_key_id, fetch.remote_address), [(0, fetch.size)]
        is_after = since is None or fetch.started_at >= since
        had = after if is_after else before
        if fetch.bytes_sent:
            span = (fetch.first_byte, fetch.first_byte + fetch.bytes_sent)
            had[client] = _with(had[client], span)
        knows = fetch.status == HTTPStatus.NOT_MODIFIED and before[client] == whole
        if is_after and (after[client] == whole or knows):
            return fetch.finished_at
    return None


def _with(spans: Spans, span: tuple[int, int]) -> Spans:
    """Spans in order, joined where they touch or overlap."""
    joined: Spans = []
    for first, end in sorted([*spans, span]):
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((first, end))
    return joined


def has_given_another(session: Session, feed_id: int, name: str, sha256: str) -> bool:
    """Whether another object ever went out under this name. Some of it may still lie at the site, whole or in part, and
    a client that goes on at its end without a condition (``curl -C -``, ``wget -c``) would make one file of the two.
    """
    other = select(Fetch.id).where(
        Fetch.feed_id == feed_id,
        Fetch.name == name,
        Fetch.sha256 != sha256,
        Fetch.method == "GET",
        col(Fetch.status).in_((HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT)),
    )
    return session.exec(other.limit(1)).first() is not None
