"""Producers' edits of a compiled rundown: tried at once, written down as the airing's edition, compiled by the engine.

A producer waits for the answer, so the search is given up sooner than a night's (`Request.quick`), and the rundown says so.
An edited airing is always compiled like that: what the engine makes is what its producer was shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import Session, select

from app.airings.models import Airing, Edition, Intent, RundownVersion
from app.airings.on_air import begun, position
from app.airings.programme import programme_of
from app.airings.requests import clock_of, request_for
from app.airings.service import get, want
from app.announcements.making import look_up
from app.announcements.sayings import span_of, templates_of
from app.database import id_of, reading, writing
from app.errors import Conflict, StaleRevision
from app.settings import Settings
from schedules import edits
from schedules.candidates import Request
from schedules.clock import dump_clock, parse_clock
from schedules.compile import compile_alternatives, compile_rundown
from schedules.edits import Edit
from schedules.elements import Awaited
from schedules.rundown import Rundown, SegmentSource
from schedules.said import say
from schedules.time import samples_to_timedelta


def apply_edits(
    engine: Engine,
    settings: Settings,
    airing_id: int,
    wanted: Sequence[Edit],
    *,
    expected: int,
    person_id: int,
    now: datetime,
    dry_run: bool = False,
) -> tuple[Intent | None, Rundown]:
    """Edit version ``expected`` of an airing's rundown. Gives what was asked of the engine, and what it will make.

    With ``dry_run`` nothing is asked of it.

    Raises:
        StaleRevision: the version is not the newest any more, or somebody else edited it a moment ago.
        Conflict: the airing is over, or a stand-by airs in its place.
        BadEdit: an edit names what is not there.
        Uncompilable: with these edits nothing fits; the error says what would. Nothing is stored.
    """
    with reading(engine) as session:
        airing = get(session, airing_id)
        base = _base(session, airing, expected)
        before = session.get(Edition, airing_id)
        clock = parse_clock(programme_of(session, airing).clock)
        edition = _row(airing, edits.edited(clock, base, wanted, _value(before)), now, person_id)
        _require_unheard(airing, base, edition.kept, now)
        request = _request(session, settings, airing, edition)
    rundown = compile_rundown(request)  # seconds, so outside any transaction
    return None if dry_run else _store(engine, edition, person_id=person_id, now=now), rundown


def insert(
    engine: Engine,
    settings: Settings,
    airing_id: int,
    segment_id: int,
    *,
    at: datetime | None,
    person_id: int,
    now: datetime,
    dry_run: bool = False,
) -> tuple[Intent | None, Rundown, datetime]:
    """Put a segment into an airing at the next join that can still be changed, or the next one from ``at`` on.

    Gives also when it will be heard. Raises as `apply_edits`; Conflict where no join is left.
    """
    with reading(engine) as session:
        airing = get(session, airing_id)
        base = _base(session, airing, airing.version)
        place = len(begun(airing, base, now))
        wanted = position(airing, at) if at is not None else 0
    while place < len(base.items) and base.items[place].start_sample < wanted:
        place += 1
    if place == len(base.items) and place:
        raise Conflict(
            say(
                "wrong-no-join",
                "airing {airing_id} has no join left at which something could be put in",
                airing_id=airing_id,
            )
        )
    edit = edits.Insert(place, segment_id)
    intent, rundown = apply_edits(
        engine,
        settings,
        airing_id,
        [edit],
        expected=airing.version,
        person_id=person_id,
        now=now,
        dry_run=dry_run,
    )
    heard_at = airing.starts_at + samples_to_timedelta(rundown.items[place].start_sample)
    return intent, rundown, heard_at


def _require_unheard(airing: Airing, base: Rundown, kept: int, now: datetime) -> None:
    """Raises Conflict where an edit changes what is on the air already, or will be before the edit could be."""
    first = len(begun(airing, base, now))
    if kept < first:
        raise Conflict(
            say(
                "wrong-heard",
                "the first {first} items of airing {airing_id} are on the air, or are over: change what comes later, or air the stand-by",
                first=first,
                airing_id=id_of(airing),
            )
        )


def take_alternative(
    engine: Engine,
    settings: Settings,
    airing_id: int,
    number: int,
    *,
    expected: int,
    person_id: int,
    now: datetime,
    dry_run: bool = False,
) -> tuple[Intent | None, Rundown]:
    """Lock every item of one of the alternatives (from 0, as `alternatives` lists them). Raises as `apply_edits`."""
    with reading(engine) as session:
        airing = get(session, airing_id)
        _base(session, airing, expected)
        before = session.get(Edition, airing_id)
        clock = parse_clock(before.clock if before else programme_of(session, airing).clock)
        request = _request(session, settings, airing, before)
    found = compile_alternatives(request, number + 1)
    if number >= len(found):
        raise Conflict(say("wrong-alternatives", "there are only {count} alternatives", count=len(found)))
    chosen = found[number]
    locks = [
        edits.Lock(item.position)
        for item in chosen.items
        if isinstance(item.source, SegmentSource)
        and not item.shortened
        and not (item.element is not None and isinstance(clock.elements[item.element], Awaited))
    ]
    excluded = frozenset(before.excluded) if before else frozenset()
    if begun(airing, chosen, now):
        raise Conflict(
            say(
                "wrong-single-items",
                "airing {airing_id} is on the air: change single items of it",
                airing_id=airing_id,
            )
        )
    locked = edits.edited(clock, chosen, locks, keep=False)
    edition = _row(airing, replace(locked, excluded=excluded), now, person_id)
    with reading(engine) as session:
        request = _request(session, settings, airing, edition)
    rundown = compile_rundown(request)
    return None if dry_run else _store(engine, edition, person_id=person_id, now=now), rundown


def alternatives(engine: Engine, settings: Settings, airing_id: int, count: int) -> list[Rundown]:
    """Up to ``count`` programmes for an airing from today's library, the best first; nothing is stored.

    Raises:
        ScheduleError: what stands in the way, in words.
    """
    with reading(engine) as session:
        request = _request(session, settings, get(session, airing_id), session.get(Edition, airing_id))
    return compile_alternatives(request, count)


def drop_edits(engine: Engine, airing_id: int, *, person_id: int, now: datetime) -> Intent:
    """Forget all edits, and compile the airing by its programme's clock again.

    Raises:
        Conflict: the airing is over, or was not edited.
    """
    with writing(engine) as session:
        edition = session.get(Edition, airing_id)
        if edition is None:
            raise Conflict(say("wrong-not-edited", "airing {airing_id} was not edited", airing_id=airing_id))
        session.delete(edition)
        return want(session, get(session, airing_id), "compile", person_id=person_id, now=now)


def _base(session: Session, airing: Airing, expected: int) -> Rundown:
    """The rundown that is edited: the newest, of the programme, and not edited by somebody else since."""
    if airing.version != expected:
        raise StaleRevision(
            say(
                "wrong-stale-version",
                "airing {airing_id} is at version {version} now, not {expected}: look at it again, then edit",
                airing_id=id_of(airing),
                version=airing.version,
                expected=expected,
            )
        )
    edition = session.get(Edition, airing.id)
    if edition is not None and edition.base_version >= expected:
        raise StaleRevision(
            say(
                "wrong-being-compiled",
                "version {expected} of airing {airing_id} was edited a moment ago, and is being compiled: wait for the next one",
                expected=expected,
                airing_id=id_of(airing),
            )
        )
    row = session.exec(
        select(RundownVersion).where(
            RundownVersion.airing_id == airing.id, RundownVersion.version == expected
        )
    ).one_or_none()
    if row is None:
        raise Conflict(
            say(
                "wrong-nothing-to-edit",
                "airing {airing_id} is not compiled yet: there is nothing to edit",
                airing_id=id_of(airing),
            )
        )
    if row.level != "programme":
        raise Conflict(
            say(
                "wrong-not-programme",
                "airing {airing_id} has its {level}: compile the programme again first",
                airing_id=id_of(airing),
                level=row.level.replace("_", " "),
            )
        )
    return Rundown.from_json(row.body)


def _store(engine: Engine, edition: Edition, *, person_id: int, now: datetime) -> Intent:
    """Write down what was tried, unless somebody else was quicker. Raises StaleRevision, Conflict."""
    with writing(engine) as session:
        airing = get(session, edition.airing_id)
        _base(session, airing, edition.base_version)
        session.merge(edition)
        return want(session, airing, "compile", person_id=person_id, now=now)


def _row(airing: Airing, edition: edits.Edition, now: datetime, person_id: int) -> Edition:
    return Edition(
        airing_id=id_of(airing),
        base_version=airing.version,
        kept=edition.kept,
        clock=dump_clock(edition.clock),
        excluded=sorted(edition.excluded),
        edited_at=now,
        edited_by=person_id,
    )


def _request(session: Session, settings: Settings, airing: Airing, edition: Edition | None) -> Request:
    programme = programme_of(session, airing)
    templates = templates_of(clock_of(programme, edition))
    return request_for(
        session,
        programme,
        airing.starts_at,
        airing.target_samples,
        seed=airing.slot_id,
        airing=airing,
        edition=edition,
        announced=look_up(session, settings, airing.slot_id, span_of(airing), templates),
        quick=True,
    )


def _value(row: Edition | None) -> edits.Edition | None:
    if row is None:
        return None
    return edits.Edition(parse_clock(row.clock), row.kept, frozenset(row.excluded))
