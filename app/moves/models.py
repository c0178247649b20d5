from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel


class PoolEntry(SQLModel, table=True):
    """A frequency that a slot may be moved to, and how it stands with the law."""

    __tablename__ = "pool_entry"

    id: int | None = Field(default=None, primary_key=True)
    slot_id: int = Field(foreign_key="slot.id", index=True)
    khz: int
    site_id: int | None = Field(default=None, foreign_key="site.id")
    """From which site; None: from any."""
    legal_status: str = ""
    """Such as ``cleared until 2027-03-28``."""
    note: str = ""


class LineChange(SQLModel, table=True):
    """What is to change of a line, or a line that is to be: not true before its site has agreed.

    ``days``, ``first_date`` and ``last_date`` are the UTC start days that it touches. An undone change keeps its state.
    """

    __tablename__ = "line_change"

    id: int | None = Field(default=None, primary_key=True)
    kind: str
    """``move``, ``one_night``, ``end`` or ``new``."""
    line_id: int | None = Field(default=None, foreign_key="line.id", index=True)
    """None of a new line, and once the line itself was taken back."""
    slot_id: int = Field(foreign_key="slot.id", index=True)
    site_id: int = Field(foreign_key="site.id", index=True)
    """Whose agreement it needs: where the line is afterwards."""
    khz: int
    """What is wanted, as the next five; of an ``end`` what the line has."""
    power_kw: float | None = None
    azimuth: int | None = None
    ciraf_zones: str | None = None
    transmitter: str | None = None
    synchronised: str | None = None
    feed_ids: list[int] = Field(default_factory=list, sa_type=JSON)
    """The feeds of a new line, or of one that goes to another site; otherwise the line keeps those that it has by then."""
    days: str
    first_date: date
    last_date: date
    starts_at: datetime
    """When the first occurrence begins that it touches: from then on it can be neither agreed to nor undone."""
    reason: str
    asked_by: int | None = Field(default=None, foreign_key="person.id")
    created_at: datetime
    state: str = Field(default="draft", index=True)
    """``draft``, ``requested``, ``sent``, ``acknowledged``, ``refused``, ``in_effect``."""
    requested_at: datetime | None = None
    cut_off_at: datetime
    """By when the site must have answered; afterwards its link is no good any more and people are told."""
    answered_at: datetime | None = None
    answered_by: int | None = Field(default=None, foreign_key="person.id")
    """Who recorded the answer; None: the site itself, by its link."""
    answered_name: str | None = None
    """Who answered at the site."""
    answered_how: str | None = None
    """``link``, or in a person's words: by phone."""
    answer_note: str | None = None
    was: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    """The line as it was: when the change was asked for, and from the agreement on what an undo brings back."""
    became: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    """Each line that it touched as it was afterwards, by its id: who changed one since must decide what an undo means."""
    new_line_id: int | None = Field(default=None, foreign_key="line.id")
    """Where what is wanted stands in the lines; ``line_id`` itself where nothing of the old line came before it."""
    rest_line_id: int | None = Field(default=None, foreign_key="line.id")
    """What goes on of the old line after one night."""
    rolled_from_id: int | None = Field(default=None, foreign_key="line.id")
    """Of a new line: the one of the season before that it goes on from."""
    undone_at: datetime | None = None
    undone_by: int | None = Field(default=None, foreign_key="person.id")
    revision: int = 1


class SiteNotice(SQLModel, table=True):
    """What a site is told by mail: a row with a next-attempt time, as alarms are. The reply links are not in it."""

    __tablename__ = "site_notice"

    id: int | None = Field(default=None, primary_key=True)
    site_id: int = Field(foreign_key="site.id", index=True)
    kind: str
    """``request`` wants an answer, by its reply link; ``withdrawal`` and ``ending`` only tell."""
    mail_to: str | None
    """None: nobody to mail to, so people must tell the site."""
    subject: str
    body: str
    cut_off_at: datetime | None = None
    """Until when the link is good."""
    created_at: datetime
    next_attempt_at: datetime | None = Field(default=None, index=True)
    """None when the mail server took it, or it is not wanted any more."""
    attempts: int = 0
    sent_at: datetime | None = None
    error: str | None = None


class NoticeChange(SQLModel, table=True):
    """A notice is about a change; a season's request is about many of one site."""

    __tablename__ = "notice_change"

    notice_id: int = Field(foreign_key="site_notice.id", primary_key=True)
    change_id: int = Field(foreign_key="line_change.id", primary_key=True, index=True)


class ReplyLink(SQLModel, table=True):
    """The secret part of a reply link, kept as the SHA-256 of its 256 random bits. Each attempt at a mail has its own."""

    __tablename__ = "reply_link"

    id: int | None = Field(default=None, primary_key=True)
    notice_id: int = Field(foreign_key="site_notice.id", index=True)
    token_sha256: str = Field(unique=True)
    created_at: datetime
