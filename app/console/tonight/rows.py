"""Everything about some airings, read in a fixed number of queries however many they are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlmodel import Session, col, select

from app.airings.models import Airing, Artefact, AsRun, Intent, RundownVersion
from app.airings.programme import compile_key
from app.approving.sign_offs import signatures
from app.database import id_of
from app.feeds.models import Feed
from app.frequencies.models import Line, LineFeed, Site
from app.handoffs.models import Attempt, Handoff
from app.jobs.models import Job
from app.library.models import Segment
from app.people.models import Person
from app.storage import Blobs
from app.studio.turns import STUDIO

T = TypeVar("T")
K = TypeVar("K")


class Rows:
    """Everything about some airings, read at once and kept by what it belongs to."""

    def __init__(self, session: Session, blobs: Blobs, listed: Sequence[Airing]) -> None:
        self.blobs = blobs
        ids = [id_of(airing) for airing in listed]
        self.rundowns = _rundowns(session, ids)
        self.passed = _passed(session, listed, self.rundowns)
        self.lines = grouped(
            session.exec(
                select(Line, Site)
                .join(Site, col(Line.site_id) == col(Site.id))
                .where(col(Line.slot_id).in_({airing.slot_id for airing in listed}))
                .order_by(col(Line.id))
            ).all(),
            lambda row: row[0].slot_id,
        )
        self.line_feeds = grouped(
            session.exec(
                select(LineFeed)
                .join(Line, col(Line.id) == col(LineFeed.line_id))
                .where(col(Line.slot_id).in_(self.lines))
            ).all(),
            lambda row: row.line_id,
        )
        self.feeds = {
            id_of(feed): (feed, site)
            for feed, site in session.exec(
                select(Feed, Site).join(Site, col(Feed.site_id) == col(Site.id)).order_by(col(Feed.id))
            ).all()
        }
        of_airings = select(Handoff).where(col(Handoff.airing_id).in_(ids)).order_by(col(Handoff.version))
        self.handoffs = grouped(session.exec(of_airings).all(), lambda row: row.airing_id)
        self.attempts = grouped(
            session.exec(
                select(Attempt)
                .join(Handoff, col(Attempt.handoff_id) == col(Handoff.id))
                .where(col(Handoff.airing_id).in_(ids))
                .order_by(col(Attempt.number).desc())
            ).all(),
            lambda row: row.handoff_id,
        )
        self.artefacts = grouped(
            session.exec(
                select(RundownVersion.airing_id, RundownVersion.version, Artefact)
                .join(RundownVersion, col(Artefact.rundown_id) == col(RundownVersion.id))
                .where(col(RundownVersion.airing_id).in_(ids))
                .order_by(col(RundownVersion.version).desc(), col(Artefact.id))
            ).all(),
            lambda row: row[0],
        )
        of_airings_run = (
            select(AsRun)
            .where(col(AsRun.airing_id).in_(ids))
            .order_by(col(AsRun.line_id), col(AsRun.feed_id), col(AsRun.position))
        )
        self.as_run = grouped(session.exec(of_airings_run).all(), lambda row: row.airing_id)
        self.aired_over = _lines_of_record(session, self.as_run.values())
        self.wishes = grouped(
            session.exec(
                select(Intent).where(col(Intent.airing_id).in_(ids)).order_by(col(Intent.id).desc())
            ).all(),
            lambda row: row.airing_id,
        )
        self.studio_people = _studio_people(session, ids)
        self.signatures = signatures(session, ids)
        aired = {row.segment_id for rows in self.as_run.values() for row in rows}
        self.titles = titles(session, aired - {None})


def _rundowns(session: Session, ids: Sequence[int]) -> dict[int, tuple[str, str, datetime]]:
    """Level and cause of each airing's newest rundown, and when it was compiled; not what is in it, which is long."""
    rows = session.exec(
        select(
            RundownVersion.airing_id, RundownVersion.level, RundownVersion.cause, RundownVersion.compiled_at
        )
        .join(Airing, col(Airing.id) == col(RundownVersion.airing_id))
        .where(col(Airing.id).in_(ids), RundownVersion.version == Airing.version)
    ).all()
    return {airing_id: (level, cause, compiled_at) for airing_id, level, cause, compiled_at in rows}


def _passed(
    session: Session, listed: Sequence[Airing], rundowns: dict[int, tuple[str, str, datetime]]
) -> dict[int, tuple[dict[str, Any], ...]]:
    """Why the programme itself was not taken, from the compile jobs of airings that have something less."""
    keys = {
        compile_key(id_of(airing), airing.version): id_of(airing)
        for airing in listed
        if airing.id in rundowns and rundowns[airing.id][0] != "programme"
    }
    jobs = session.exec(select(Job).where(col(Job.key).in_(keys))).all()
    return {
        keys[job.key]: tuple(step["problem"] for step in (job.result or {}).get("passed", ())) for job in jobs
    }


def _studio_people(session: Session, ids: Sequence[int]) -> dict[int, str]:
    """Whose studio came last onto each airing."""
    rows = session.exec(
        select(Intent.airing_id, Person.name)
        .join(Person, col(Person.id) == col(Intent.person_id))
        .where(col(Intent.airing_id).in_(ids), Intent.kind == STUDIO, col(Intent.refused).is_(None))
        .order_by(col(Intent.id))
    ).all()
    return dict(rows)


def _lines_of_record(session: Session, as_run: Iterable[Sequence[AsRun]]) -> dict[int, tuple[Line, Site]]:
    """The lines that the record speaks of, wherever they belong by now."""
    wanted = {row.line_id for rows in as_run for row in rows}
    rows = session.exec(
        select(Line, Site).join(Site, col(Line.site_id) == col(Site.id)).where(col(Line.id).in_(wanted))
    )
    return {id_of(line): (line, site) for line, site in rows}


def titles(session: Session, segment_ids: Collection[int | None]) -> dict[int, str]:
    """What segments are called."""
    rows = session.exec(select(Segment.id, Segment.title).where(col(Segment.id).in_(segment_ids)))
    return {segment_id: title for segment_id, title in rows if segment_id is not None}


def grouped(rows: Iterable[T], key: Callable[[T], K]) -> dict[K, list[T]]:
    groups: dict[K, list[T]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return groups
