from __future__ import annotations

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel


class Person(SQLModel, table=True):
    """Somebody with a name. What is written is written by a person, through a key or a session."""

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    created_at: datetime
    disabled_at: datetime | None = None
    email: str | None = None
    """Where they are reminded; in no log and no alarm."""
    approves: bool = False
    """Whether they are reminded of what waits to be approved."""


class Key(SQLModel, table=True):
    """An API key, kept as the SHA-256 of its 256 random bits (a slow hash adds nothing to those)."""

    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    label: str
    secret_sha256: str = Field(unique=True)
    created_at: datetime
    revoked_at: datetime | None = None


class BrowserSession(SQLModel, table=True):
    """A browser that signed in with a key or a one-time link."""

    __tablename__ = "browser_session"

    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    key_id: int | None = Field(default=None, foreign_key="key.id")
    """The key it was exchanged for: revoking the key ends the session."""
    token_sha256: str = Field(unique=True)
    created_at: datetime
    expires_at: datetime


class LoginLink(SQLModel, table=True):
    """A link that signs one browser in, once."""

    __tablename__ = "login_link"

    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id")
    token_sha256: str = Field(unique=True)
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None


class IdempotentRequest(SQLModel, table=True):
    """The answer to a creating call that carried an Idempotency-Key, so that a repeat gets the same one."""

    __tablename__ = "idempotent_request"
    __table_args__ = (UniqueConstraint("person_id", "key"),)

    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id")
    key: str
    target: str
    """Method and path: the same key on another call is an error."""
    status: int | None = None
    """None while the first call is still being answered."""
    body: str | None = None
    location: str | None = None
    created_at: datetime
