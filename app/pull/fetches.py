"""The log of what went out to sites, and what it proves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from app.database import id_of, writing
from app.pull.endings import Ending
from app.pull.models import Fetch

Client = tuple[int, str]
Spans = list[tuple[int, int]]


def begin(database: Engine, fetch: Fetch) -> int:
    """Write an answer down before its first byte."""
    with writing(database) as session:
        session.add(fetch)
        session.flush()
        return id_of(fetch)


def finish(database: Engine, fetch_id: int, *, bytes_sent: int, ended: Ending, now: datetime) -> None:
    """Write down what went out, and how it ended."""
    with writing(database) as session:
        fetch = session.get_one(Fetch, fetch_id)
        fetch.bytes_sent, fetch.ended, fetch.finished_at = bytes_sent, ended, now


def fetched(
    session: Session, feed_id: int, name: str, sha256: str, *, since: datetime | None = None
) -> datetime | None:
    """When one client had the whole of an object, in one answer or in several that cover it; None where none has.

    What counts is what was taken for certain (`_Had`). One client is one key from one address. ``since`` leaves out what was fetched before (aware): a fixed name with the
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
    before: dict[Client, _Had] = defaultdict(_Had)
    after: dict[Client, _Had] = defaultdict(_Had)
    for fetch in fetches:
        client, whole = (fetch.pull_key_id, fetch.remote_address), [(0, fetch.size)]
        is_after = since is None or fetch.started_at >= since
        (after if is_after else before)[client].learn(fetch)
        knows = fetch.status == HTTPStatus.NOT_MODIFIED and before[client].spans == whole
        if is_after and (after[client].spans == whole or knows):
            return fetch.finished_at
    return None


@dataclass(slots=True)
class _Had:
    """What one client took for certain.

    Of an answer that broke off, or that a proxy took, nobody knows how much the client has read until it says so itself: it
    asks for the rest from byte n (``curl -C -``), or, having all, for what comes after (416). That is believed of a client
    that downloads, from the first byte and each time to the end; not of players and loaders of segments, which jump.
    """

    spans: Spans = field(default_factory=list)
    _broken: list[Fetch] = field(default_factory=list)
    _jumps: bool = False

    def learn(self, fetch: Fetch) -> None:
        is_of_one_piece = fetch.end_byte == fetch.size and (
            fetch.status == HTTPStatus.OK or fetch.first_byte > 0
        )
        if fetch.ended == "whole" and fetch.bytes_sent:
            self._add(fetch.first_byte, fetch.first_byte + fetch.bytes_sent)
        if is_of_one_piece and not self._jumps:
            self._take_its_word(fetch)
            self._broken.append(fetch)
        elif fetch.bytes_sent:
            self._jumps = True

    def _take_its_word(self, fetch: Fetch) -> None:
        for broken in self._broken:
            was_over = broken.finished_at is not None and broken.finished_at <= fetch.started_at
            if was_over and broken.first_byte < fetch.first_byte <= broken.first_byte + broken.bytes_sent:
                self._add(broken.first_byte, fetch.first_byte)

    def _add(self, first: int, end: int) -> None:
        self.spans = _with(self.spans, (first, end))


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
