from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel


class UploadState(StrEnum):
    open = "open"
    done = "done"
    failed = "failed"
    expired = "expired"
    ended = "ended"


class Upload(SQLModel, table=True):
    """A recording that arrives in pieces (tus). What has arrived lies in the incoming folder under the upload's name.

    A row, not a file beside the file: the segment, its ingest job and the end of its upload are then one commit, and a person's
    quota is counted under the write lock.
    """

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    """Random, and the last part of its address: numbers are given again once rows are gone, and a client that comes back after
    days must not continue another upload."""
    person_id: int = Field(foreign_key="person.id", index=True)
    state: str = Field(default=UploadState.open, index=True)
    length: int
    received: int = 0
    """Bytes that are on the disk for good, and that a checksum, if there was one, agreed with."""
    file_name: str
    """What its sender calls the file: for display, never a path."""
    fields: dict[str, list[str]] = Field(default_factory=dict, sa_type=JSON)
    """The description, checked when the upload began."""
    announced: str = ""
    """``Upload-Metadata`` as it was sent: the protocol wants it back."""
    sha256: str | None = None
    """Of the whole, as announced: without it nobody can tell whether all pieces are of one file."""
    created_at: datetime
    progressed_at: datetime
    expires_at: datetime
    """An open one is given up then, any other is forgotten."""
    segment_id: int | None = Field(default=None, foreign_key="segment.id")
    problem: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    """Why it failed, as a problem document."""
