"""Files that were sent together, under a name of their sender's: how far each of them is, and all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlmodel import Session, col, select

from app.errors import NotFound
from app.library.models import Segment, SegmentState
from app.uploads.models import Upload, UploadState

UPLOADING, FAILED = "uploading", "failed"
"""States of a file that is no segment yet, or will be none; once it is one, its segment's."""

Offset = Callable[[str], int | None]
"""Where the request that just brings bytes of an upload stands; None where there is none."""


@dataclass(frozen=True, slots=True)
class File:
    """One file of a batch. ``state``: ``uploading`` or ``failed``, else its segment's; ``bytes`` of the original."""

    name: str
    state: str
    bytes: int
    brought_bytes: int
    segment_id: int | None
    error: str | None

    @property
    def is_settled(self) -> bool:
        """Whether nothing more happens to it by itself."""
        return self.state not in (UPLOADING, SegmentState.processing)

    @property
    def is_refused(self) -> bool:
        return self.state in (FAILED, SegmentState.rejected)


@dataclass(frozen=True, slots=True)
class Batch:
    """A person's batch, in the order in which its files were begun."""

    name: str
    files: tuple[File, ...]

    @property
    def bytes(self) -> int:
        return sum(one.bytes for one in self.files)

    @property
    def brought_bytes(self) -> int:
        return sum(one.brought_bytes for one in self.files)

    @property
    def settled(self) -> int:
        return sum(one.is_settled for one in self.files)

    @property
    def refused(self) -> int:
        return sum(one.is_refused for one in self.files)

    @property
    def fraction(self) -> float:
        """Half of it is the bytes' way here, the other half what is done with them."""
        if not self.files:
            return 1.0
        return round(self.brought_bytes / max(self.bytes, 1) / 2 + self.settled / len(self.files) / 2, 4)


def batch_of(session: Session, name: str, person_id: int, offset: Offset) -> Batch:
    """A person's batch. Raises NotFound: they have none of this name, or it was long ago and nothing came of it."""
    found = [*_uploads(session, name, person_id, offset), *_segments(session, name, person_id)]
    if not found:
        raise NotFound(f'you have no batch "{name[:100]}"')
    return Batch(name, tuple(file for _, file in sorted(found, key=lambda one: one[0])))


def under_way(session: Session, person_id: int, offset: Offset) -> list[Batch]:
    """A person's batches of which something is still to come."""
    uploading = select(Upload.batch).where(Upload.person_id == person_id, Upload.state == UploadState.open)
    working = select(Segment.batch).where(
        Segment.created_by == person_id, Segment.state == SegmentState.processing
    )
    names = {name for query in (uploading, working) for name in session.exec(query).all() if name}
    return [batch_of(session, name, person_id, offset) for name in sorted(names)]


def _uploads(
    session: Session, name: str, person_id: int, offset: Offset
) -> list[tuple[tuple[str, int], File]]:
    """What has become no segment."""
    rows = session.exec(
        select(Upload).where(
            Upload.batch == name, Upload.person_id == person_id, col(Upload.segment_id).is_(None)
        )
    ).all()
    return [
        (
            (row.created_at.isoformat(), row.id or 0),
            File(
                name=row.file_name,
                state=UPLOADING if row.state == UploadState.open else FAILED,
                bytes=row.length,
                brought_bytes=max(row.received, offset(row.name) or 0),
                segment_id=None,
                error=(row.problem or {}).get("detail")
                or (None if row.state == UploadState.open else row.state),
            ),
        )
        for row in rows
    ]


def _segments(session: Session, name: str, person_id: int) -> list[tuple[tuple[str, int], File]]:
    begun = {
        segment_id: (at.isoformat(), upload_id or 0)
        for segment_id, at, upload_id in session.exec(
            select(Upload.segment_id, Upload.created_at, Upload.id).where(Upload.batch == name)
        ).all()
    }
    rows = session.exec(select(Segment).where(Segment.batch == name, Segment.created_by == person_id)).all()
    return [
        (
            begun.get(row.id, (row.created_at.isoformat(), row.id or 0)),
            File(
                name=row.original_name or row.title,
                state=row.state,
                bytes=row.original_bytes or 0,
                brought_bytes=row.original_bytes or 0,
                segment_id=row.id,
                error=(row.problem or {}).get("detail"),
            ),
        )
        for row in rows
    ]
