"""Where a delivery puts what its site will fetch (`app.feeds.pull.Shelf`), and what the log says of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine
from sqlmodel import select

from app.database import reading, writing
from app.feeds.contract import Entry
from app.handoffs.models import Handoff
from app.processes import Clock
from app.pull import offers
from app.pull.fetches import fetched
from app.pull.models import Offer
from app.storage import Blobs


@dataclass(frozen=True, slots=True)
class StationShelf:
    """The files of one feed, seen from one handoff; None to look only (a probe, a listing)."""

    database: Engine
    blobs: Blobs
    clock: Clock
    feed_id: int
    handoff_id: int | None = None

    def put(self, source: Path | bytes, name: str, *, sha256: str, size: int, media_type: str) -> None:
        """Offer an artefact's blob, or a manifest's bytes, under a name, in place of what was there.

        Raises:
            ValueError: nothing is handed over, or the file is not the artefact's blob.
        """
        if self.handoff_id is None:
            raise ValueError("only a handoff puts files on a shelf")
        suffix = ""
        if isinstance(source, Path):
            suffix = source.suffix
            if source != self.blobs.path("artefacts", sha256, suffix):
                raise ValueError("only artefacts are served as files")
        with writing(self.database) as session:
            offers.put(
                session,
                Offer(
                    feed_id=self.feed_id,
                    handoff_id=self.handoff_id,
                    name=offers.public_name(name),
                    sha256=sha256,
                    size=size,
                    media_type=media_type,
                    suffix=suffix,
                    content=source if isinstance(source, bytes) else None,
                    offered_at=self.clock(),
                ),
            )

    def take_away(self, name: str) -> None:
        """Nothing is offered under this name any more."""
        with writing(self.database) as session:
            offers.take_away(session, self.feed_id, offers.public_name(name))

    def entries(self) -> tuple[Entry, ...]:
        """What the site sees."""
        with reading(self.database) as session:
            seen = offers.visible(session, self.feed_id, self.clock())
        return tuple(Entry(one.name, one.size, one.offered_at) for one in seen.values())

    def holds(self, name: str) -> str | None:
        """The SHA-256 of what lies under a name."""
        with reading(self.database) as session:
            return session.exec(
                select(Offer.sha256).where(
                    Offer.feed_id == self.feed_id, Offer.name == offers.public_name(name)
                )
            ).first()

    def fetched_at(self, name: str, sha256: str) -> datetime | None:
        """When the site had the whole of it, since this handoff was made."""
        with reading(self.database) as session:
            handoff = session.get(Handoff, self.handoff_id) if self.handoff_id is not None else None
            return fetched(
                session,
                self.feed_id,
                offers.public_name(name),
                sha256,
                since=handoff.created_at if handoff else None,
            )
