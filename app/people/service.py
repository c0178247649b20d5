"""People, their keys, one-time links and the sessions of their browsers.

Secrets are 256 random bits and are stored as SHA-256 only, so a look-up by hash tells nobody how much of a guess was
right, and a slow hash would add nothing.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, col, delete, select, update

from app.errors import Conflict, DanpaError, NotFound, NotSignedIn
from app.journal.service import record
from app.people.models import BrowserSession, Key, LoginLink, Person
from schedules.said import say

KEY_PREFIX = "danpa_"
"""Makes a leaked key easy to find with a secret scanner."""

SESSION_VALID_FOR = timedelta(hours=12)
"""One night shift."""


class TooManyAttempts(DanpaError):
    """Sign-ins failed too often from one address."""

    code = "too-many-attempts"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is doing it. ``key_id`` is None for a browser that came through a one-time link."""

    person_id: int
    name: str
    key_id: int | None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new browser session: its secret, who it belongs to and when it ends."""

    token: str
    actor: Actor
    expires_at: datetime


class LastPerson(Conflict):
    """Nobody would be left who may sign in."""

    code = "last-person"


def create_person(session: Session, name: str, *, now: datetime, by: int | None) -> Person:
    """Add somebody. Raises Conflict where the name is taken."""
    if find_person(session, name) is not None:
        raise Conflict(
            say(
                "wrong-person-name",
                'there is already somebody called "{name}": add a family name or a department',
                name=name,
            )
        )
    added = Person(name=name, created_at=now)
    session.add(added)
    session.flush()
    record(session, "person.created", at=now, person_id=by, subject_id=added.id)
    return added


def person(session: Session, person_id: int) -> Person:
    """Raises NotFound."""
    found = session.get(Person, person_id)
    if found is None:
        raise NotFound(f"there is no person {person_id}")
    return found


def disable_person(session: Session, person_id: int, *, now: datetime, by: int | None) -> Person:
    """End everything that somebody gets in with, at once: keys, browser sessions, links. Their name stays on what they did.

    Raises:
        NotFound: as `person`.
        LastPerson: nobody would be left. A repeat changes nothing.
    """
    disabled = person(session, person_id)
    if disabled.disabled_at is not None:
        return disabled
    others = select(Person.id).where(col(Person.disabled_at).is_(None), Person.id != person_id)
    if session.exec(others.limit(1)).first() is None:
        raise LastPerson(f"{disabled.name} is the last who may sign in: add somebody else first")
    disabled.disabled_at = now
    session.exec(
        update(Key)
        .where(col(Key.person_id) == person_id, col(Key.revoked_at).is_(None))
        .values(revoked_at=now)
    )
    session.exec(delete(BrowserSession).where(col(BrowserSession.person_id) == person_id))
    session.exec(
        delete(LoginLink).where(col(LoginLink.person_id) == person_id, col(LoginLink.used_at).is_(None))
    )
    record(session, "person.disabled", at=now, person_id=by, subject_id=person_id)
    return disabled


def enable_person(session: Session, person_id: int, *, now: datetime, by: int | None) -> Person:
    """Let somebody in again, with a new key: the old ones stay revoked. Raises NotFound; a repeat changes nothing."""
    enabled = person(session, person_id)
    if enabled.disabled_at is not None:
        enabled.disabled_at = None
        record(session, "person.enabled", at=now, person_id=by, subject_id=person_id)
    return enabled


def change_person(
    session: Session, person_id: int, changes: Mapping[str, Any], *, now: datetime, by: int | None
) -> Person:
    """Say where somebody is reminded (``email``), and whether of what waits to be approved (``approves``). Raises NotFound."""
    changed = person(session, person_id)
    fields = sorted(name for name, value in changes.items() if getattr(changed, name) != value)
    for name in fields:
        setattr(changed, name, changes[name])
    if fields:  # which, not to what: addresses are in no journal
        record(session, "person.changed", at=now, person_id=by, subject_id=person_id, fields=fields)
    return changed


def find_person(session: Session, name: str) -> Person | None:
    """The person of exactly this name."""
    return session.exec(select(Person).where(Person.name == name)).first()


def create_key(
    session: Session, person_id: int, label: str, *, now: datetime, by: int | None
) -> tuple[Key, str]:
    """Make a key for a person. The secret is in the answer and nowhere else. Raises NotFound, Conflict."""
    _require_enabled(session, person_id)
    secret = KEY_PREFIX + secrets.token_urlsafe(32)
    made = Key(person_id=person_id, label=label, secret_sha256=_sha256(secret), created_at=now)
    session.add(made)
    session.flush()
    record(session, "key.created", at=now, person_id=by, subject_id=made.id)
    return made, secret


def key(session: Session, key_id: int) -> Key:
    """Raises NotFound."""
    found = session.get(Key, key_id)
    if found is None:
        raise NotFound(f"there is no key {key_id}")
    return found


def revoke_key(session: Session, key_id: int, *, now: datetime, by: int | None) -> None:
    """End a key and every browser session that was got with it. Raises NotFound; a repeat changes nothing."""
    revoked = key(session, key_id)
    if revoked.revoked_at is None:
        revoked.revoked_at = now
        session.exec(delete(BrowserSession).where(col(BrowserSession.key_id) == key_id))
        record(session, "key.revoked", at=now, person_id=by, subject_id=key_id)


def create_login_link(session: Session, person_id: int, valid_for: timedelta, *, now: datetime) -> str:
    """The secret part of a link that signs one browser in, once (``/login/<token>``). Raises NotFound, Conflict."""
    _require_enabled(session, person_id)
    session.exec(delete(LoginLink).where(col(LoginLink.expires_at) <= now))
    token = secrets.token_urlsafe(32)
    session.add(
        LoginLink(
            person_id=person_id, token_sha256=_sha256(token), created_at=now, expires_at=now + valid_for
        )
    )
    record(session, "link.created", at=now, person_id=None, subject_id=person_id)
    return token


def use_login_link(session: Session, token: str, *, now: datetime) -> SignedIn:
    """Exchange a one-time link for a browser session. Raises NotSignedIn."""
    link, actor = login_link(session, token, now=now)
    link.used_at = now
    return _open_session(session, actor, now)


def login_link(session: Session, token: str, *, now: datetime) -> tuple[LoginLink, Actor]:
    """An unused link and whom it lets in. Raises NotSignedIn."""
    found = session.exec(
        select(LoginLink, Person.name)
        .join(Person, col(Person.id) == LoginLink.person_id)
        .where(
            LoginLink.token_sha256 == _sha256(token),
            col(LoginLink.used_at).is_(None),
            LoginLink.expires_at > now,
            col(Person.disabled_at).is_(None),
        )
    ).first()
    if found is None:
        raise NotSignedIn("this link has been used, has expired or is not one of ours: ask for a new one")
    link, name = found
    return link, Actor(link.person_id, name, None)


def sign_in_with_key(session: Session, secret: str, *, now: datetime) -> SignedIn:
    """Exchange a key for a browser session. Raises NotSignedIn."""
    return _open_session(session, actor_of_key(session, secret), now)


def sign_out(session: Session, token: str, *, now: datetime) -> None:
    """End a browser session; an unknown one is already over."""
    browser = session.exec(
        select(BrowserSession).where(BrowserSession.token_sha256 == _sha256(token))
    ).first()
    if browser is not None:
        record(session, "session.ended", at=now, person_id=browser.person_id)
        session.delete(browser)


def actor_of_key(session: Session, secret: str) -> Actor:
    """Whose key it is. Raises NotSignedIn."""
    found = session.connection().execute(_OF_KEY, {"sha256": _sha256(secret)}).first()
    if found is None:
        raise NotSignedIn("this key is not valid; it may have been revoked: ask the engineer for another")
    return Actor(found.person_id, found.name, found.key_id)


def actor_of_session(session: Session, token: str, *, now: datetime) -> Actor:
    """Whose browser it is: until the session expires, its key is revoked or the person is disabled.

    Raises:
        NotSignedIn: none of ours, or over.
    """
    found = session.connection().execute(_OF_SESSION, {"sha256": _sha256(token), "now": now}).first()
    if found is None:
        raise NotSignedIn("you are not signed in any more: sign in again")
    return Actor(found.person_id, found.name, found.key_id)


# Made once: every request asks one of them, and to build a statement costs as much as to run it

_WHO: tuple[Any, ...] = (col(Person.id).label("person_id"), col(Person.name), col(Key.id).label("key_id"))

_OF_KEY = (
    select(*_WHO)
    .join(Key, col(Person.id) == col(Key.person_id))
    .where(
        col(Key.secret_sha256) == bindparam("sha256"),
        col(Key.revoked_at).is_(None),
        col(Person.disabled_at).is_(None),
    )
)

_OF_SESSION = (
    select(*_WHO)
    .join(BrowserSession, col(Person.id) == col(BrowserSession.person_id))
    .join(Key, col(Key.id) == col(BrowserSession.key_id), isouter=True)
    .where(
        col(BrowserSession.token_sha256) == bindparam("sha256"),
        col(BrowserSession.expires_at) > bindparam("now"),
        col(Key.revoked_at).is_(None),
        col(Person.disabled_at).is_(None),
    )
)


def _open_session(session: Session, actor: Actor, now: datetime) -> SignedIn:
    session.exec(delete(BrowserSession).where(col(BrowserSession.expires_at) <= now))
    token = secrets.token_urlsafe(32)
    expires_at = now + SESSION_VALID_FOR
    session.add(
        BrowserSession(
            person_id=actor.person_id,
            key_id=actor.key_id,
            token_sha256=_sha256(token),
            created_at=now,
            expires_at=expires_at,
        )
    )
    record(session, "session.started", at=now, person_id=actor.person_id)
    return SignedIn(token, actor, expires_at)


def _require_enabled(session: Session, person_id: int) -> None:
    if person(session, person_id).disabled_at is not None:
        raise Conflict(
            say(
                "wrong-person-disabled",
                "person {person_id} is disabled: enable them first",
                person_id=person_id,
            )
        )


def _sha256(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
