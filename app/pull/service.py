"""Keys of pull feeds: made, listed, revoked, and asked whose they are."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from sqlmodel import Session, col, select

from app.errors import Conflict, NotFound
from app.feeds.models import Feed
from app.journal.service import record
from app.pull.models import PullKey
from app.records import find

TOKEN_PREFIX = "pull_"  # noqa: S105 - what a leaked one is found by with a secret scanner


def create_key(
    session: Session, feed_id: int, label: str, *, now: datetime, by: int | None
) -> tuple[PullKey, str]:
    """Make a key. The token is in the answer and nowhere else; older keys go on working until they are revoked.

    Raises:
        NotFound: there is no such feed.
        Conflict: its site fetches nothing.
    """
    feed = find(session, Feed, feed_id, "feed")
    if feed.protocol != "pull":
        raise Conflict(f"we bring its files to feed {feed_id} ({feed.protocol}): only a pull feed has keys")
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    made = PullKey(feed_id=feed_id, label=label, token_sha256=_sha256(token), created_at=now, created_by=by)
    session.add(made)
    session.flush()
    record(session, "pull_key.created", at=now, person_id=by, subject_id=made.id, feed_id=feed_id)
    return made, token


def revoke_key(session: Session, feed_id: int, key_id: int, *, now: datetime, by: int | None) -> None:
    """End a key, from the next request on. Raises NotFound; a repeat changes nothing."""
    revoked = session.get(PullKey, key_id)
    if revoked is None or revoked.feed_id != feed_id:
        raise NotFound(f"feed {feed_id} has no pull key {key_id}")
    if revoked.revoked_at is None:
        revoked.revoked_at = now
        record(session, "pull_key.revoked", at=now, person_id=by, subject_id=key_id, feed_id=feed_id)


def key_of_token(session: Session, token: str) -> PullKey | None:
    """The key in force, of a feed that is enabled; a look-up by hash takes as long for a near miss as for a far one."""
    return session.exec(
        select(PullKey)
        .join(Feed, col(Feed.id) == col(PullKey.feed_id))
        .where(
            PullKey.token_sha256 == _sha256(token),
            col(PullKey.revoked_at).is_(None),
            Feed.protocol == "pull",
            col(Feed.enabled),
        )
    ).first()


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
