"""One airing's page: its rundown with what may still be changed, who would get a change, and every version that there was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from app.airings.carriage import (
    LISTENING_RECIPE,
    Carriage,
    carriages,
    instants,
    is_bare,
    readable_recipe,
    wishes,
)
from app.airings.models import Airing, Artefact, Edition, RundownVersion
from app.airings.on_air import begun
from app.airings.programme import programme_of
from app.airings.requests import clock_of
from app.airings.service import audible, rundowns
from app.approving.sign_offs import Signature, signatures
from app.database import id_of
from app.feeds.live import is_live
from app.library.models import Cut, Segment
from app.people.models import Person
from app.storage import Blobs
from audio.profile import Profile
from schedules.elements import Element, Fixed
from schedules.errors import BadClock
from schedules.rundown import Item, Rundown, SegmentSource, audio_airs_at
from schedules.said import Said
from schedules.snapshot import CHAIN, CLOSED
from schedules.time import SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class ItemView:
    """One item; ``start_s`` is where it begins in the audio. ``title`` is None for the interval signal.

    ``gain_db``: how much louder than its recording it is made in what is heard here; None where that is not known.
    ``is_heard``: it is on the air or was, or will be before a change could be. ``by_hand``: a producer put or locked it there.
    """

    position: int
    starts_at: datetime
    start_s: float
    samples: int
    segment_id: int | None
    title: str | None
    kind: str
    loudness_lufs: float | None
    gain_db: float | None
    label: str
    rule: str
    candidates: int
    note: Said
    shortened: bool
    overlaps: bool
    is_heard: bool
    by_hand: bool


@dataclass(frozen=True, slots=True)
class TakerView:
    """A feed that takes the airing, and until when it takes a new version of it."""

    feed_id: int
    name: str
    site_name: str
    is_live: bool
    accept_until: datetime
    takes_it: bool


@dataclass(frozen=True, slots=True)
class VersionView:
    """One version, and by which segments it differs from the one before."""

    version: int
    level: str
    cause: str
    compiled_at: datetime
    came: tuple[str, ...]
    went: tuple[str, ...]
    moved: bool
    signed_by: tuple[str, ...]
    is_audible: bool


@dataclass(frozen=True, slots=True)
class SoundView:
    """What is heard and seen of a version. ``is_bare``: its items begin where the rundown says, nothing is before them."""

    version: int
    loudness_lufs: float | None
    peak_dbtp: float | None
    is_bare: bool


@dataclass(frozen=True, slots=True)
class Desk:
    """What a producer may do with the rundown. ``why_not`` names what stands in the way: ``over``, ``not_compiled``,
    ``level``, ``being_compiled``; None where nothing does.
    """

    items: tuple[ItemView, ...]
    notes: tuple[Said, ...]
    """Of the compiler, on the newest version."""
    titles: Mapping[int, str]
    """Of the segments that its notes and reasons speak of."""
    sound: SoundView | None
    heard: int
    why_not: str | None
    takers: tuple[TakerView, ...]
    versions: tuple[VersionView, ...]
    edited_by: str | None
    edited_at: datetime | None


def desk_of(session: Session, blobs: Blobs, airing: Airing, now: datetime) -> Desk:
    rows = rundowns(session, id_of(airing))
    parsed = {row.version: Rundown.from_json(row.body) for row in rows}
    named = _segments(session, parsed.values())
    edition = session.get(Edition, airing.id)
    newest = parsed.get(airing.version)
    carried = carriages(session, airing.slot_id, airing.starts_at.date())
    there = _audible(session, blobs, airing)
    sound = audible(session, airing, max(there)) if there else None
    profile = _profile(sound, carried) if sound else None
    heard = len(begun(airing, newest, now)) if newest else 0
    author = session.get(Person, edition.edited_by) if edition and edition.edited_by else None
    return Desk(
        items=_items(session, airing, newest, edition, named, heard, profile) if newest else (),
        notes=newest.notes if newest else (),
        titles={number: named[number][0] for number in newest.spoken_of() if number in named}
        if newest
        else {},
        sound=_sound(sound, max(there)) if sound else None,
        heard=heard,
        why_not=_why_not(airing, rows[0] if rows else None, edition, now),
        takers=_takers(airing, carried, now),
        versions=_versions(rows, parsed, named, _signed(session, airing), there),
        edited_by=author.name if author else None,
        edited_at=edition.edited_at if edition else None,
    )


def _why_not(
    airing: Airing, newest: RundownVersion | None, edition: Edition | None, now: datetime
) -> str | None:
    if airing.state in CLOSED or airing.stops_at <= now:
        return "over"
    if newest is None:
        return "not_compiled"
    if newest.level != CHAIN[0]:
        return "level"
    return "being_compiled" if edition is not None and edition.base_version >= airing.version else None


_Named = Mapping[int, tuple[str, str]]
"""Title and kind of segments."""

_Levels = Mapping[tuple[int, int], tuple[float | None, float]]
"""Of segments' cuts: how loud they are, and how much louder than the others they are to be."""


def _items(
    session: Session,
    airing: Airing,
    rundown: Rundown,
    edition: Edition | None,
    named: _Named,
    heard: int,
    profile: Profile | None,
) -> tuple[ItemView, ...]:
    elements, ours = _elements(session, airing, edition)
    levels = _levels(session, rundown)
    end, views = 0, []
    for item in rundown.items:
        element = (
            elements[item.element] if item.element is not None and item.element < len(elements) else None
        )
        views.append(
            _item(
                item,
                airing.starts_at,
                element,
                named,
                _level(item, levels, profile),
                overlaps=item.start_sample < end,
                is_heard=item.position < heard,
                by_hand=isinstance(element, Fixed) and element.segment_id not in ours,
            )
        )
        end = item.end_sample
    return tuple(views)


def _elements(
    session: Session, airing: Airing, edition: Edition | None
) -> tuple[Sequence[Element], frozenset[int]]:
    """The elements by which it is compiled, and the segments that its programme's own clock names."""
    programme = programme_of(session, airing)
    try:
        own = clock_of(programme, None).elements if programme.clock else ()
        elements = clock_of(programme, edition).elements if edition else own
    except BadClock:
        return (), frozenset()
    return elements, frozenset(one.segment_id for one in own if isinstance(one, Fixed))


def _item(
    item: Item,
    starts_at: datetime,
    element: Element | None,
    named: _Named,
    level: tuple[float | None, float | None],
    *,
    overlaps: bool,
    is_heard: bool,
    by_hand: bool,
) -> ItemView:
    segment_id = item.source.segment_id if isinstance(item.source, SegmentSource) else None
    title, kind = named.get(segment_id or 0, (None, "interval_signal"))
    return ItemView(
        position=item.position,
        starts_at=audio_airs_at(item, starts_at),
        start_s=item.start_sample / SAMPLE_RATE,
        samples=item.samples,
        segment_id=segment_id,
        title=title,
        kind=kind,
        loudness_lufs=level[0],
        gain_db=level[1],
        label=element.label if element else "",
        rule=item.reason.rule,
        candidates=item.reason.candidates,
        note=item.reason.note,
        shortened=item.shortened,
        overlaps=overlaps,
        is_heard=is_heard,
        by_hand=by_hand,
    )


def _levels(session: Session, rundown: Rundown) -> _Levels:
    rows = session.exec(
        select(Cut.segment_id, Cut.number, Cut.loudness_lufs, Cut.gain_db).where(
            col(Cut.segment_id).in_(rundown.segment_ids())
        )
    ).all()
    return {(segment, number): (loudness, gain) for segment, number, loudness, gain in rows}


def _level(item: Item, levels: _Levels, profile: Profile | None) -> tuple[float | None, float | None]:
    """How loud its recording is, and how much louder it is made."""
    if not isinstance(item.source, SegmentSource):
        return None, None
    loudness, own = levels.get((item.source.segment_id, item.source.cut), (None, 0.0))
    if loudness is None or profile is None:
        return loudness, None
    return loudness, round(profile.levelling_db(loudness) + own, 1) + 0.0  # nobody reads −0.0


def _profile(sound: Artefact, carried: Sequence[Carriage]) -> Profile | None:
    """How what is heard was processed; None where it was made for a feed that wants something else now."""
    readable = (one for each in carried for one in each.feeds if readable_recipe(one))
    for wanted in (LISTENING_RECIPE, *map(wishes, readable)):
        if wanted.recipe == sound.recipe:
            return wanted.profile
    return None


def _sound(sound: Artefact, version: int) -> SoundView:
    return SoundView(version, sound.loudness_lufs, sound.peak_dbtp, is_bare(sound.recipe))


def _segments(session: Session, parsed: Iterable[Rundown]) -> dict[int, tuple[str, str]]:
    wanted = {number for rundown in parsed for number in rundown.segment_ids() | rundown.spoken_of()}
    rows = session.exec(
        select(Segment.id, Segment.title, Segment.kind).where(col(Segment.id).in_(wanted))
    ).all()
    return {number: (title, kind) for number, title, kind in rows if number is not None}


def _takers(airing: Airing, carried: Sequence[Carriage], now: datetime) -> tuple[TakerView, ...]:
    """Each enabled feed once, in the order of its lines."""
    found: dict[int, TakerView] = {}
    for carriage in carried:
        for feed in carriage.feeds:
            until = instants(airing, feed).accept_until
            found.setdefault(
                id_of(feed),
                TakerView(id_of(feed), feed.name, carriage.site.name, is_live(feed), until, until > now),
            )
    return tuple(found.values())


def _signed(session: Session, airing: Airing) -> Sequence[Signature]:
    return signatures(session, [id_of(airing)]).get(id_of(airing), ())


def _audible(session: Session, blobs: Blobs, airing: Airing) -> frozenset[int]:
    """The versions whose audio is still there."""
    rows = session.exec(
        select(RundownVersion.version, Artefact.sha256, Artefact.extension)
        .join(Artefact, col(Artefact.rundown_id) == col(RundownVersion.id))
        .where(RundownVersion.airing_id == airing.id)
    ).all()
    return frozenset(
        version
        for version, sha256, extension in rows
        if blobs.path("artefacts", sha256, f".{extension}").exists()
    )


def _versions(
    rows: Sequence[RundownVersion],
    parsed: Mapping[int, Rundown],
    named: _Named,
    signed: Sequence[Signature],
    audible: frozenset[int],
) -> tuple[VersionView, ...]:
    """The newest first."""
    views = []
    for place, row in enumerate(rows):
        before = parsed[rows[place + 1].version] if place + 1 < len(rows) else None
        came, went, moved = _differences(before, parsed[row.version])
        views.append(
            VersionView(
                version=row.version,
                level=row.level,
                cause=row.cause,
                compiled_at=row.compiled_at,
                came=_titles(came, named),
                went=_titles(went, named),
                moved=moved,
                signed_by=tuple(one.by for one in signed if one.version == row.version),
                is_audible=row.version in audible,
            )
        )
    return tuple(views)


def _differences(before: Rundown | None, after: Rundown) -> tuple[list[int], list[int], bool]:
    """Which segments came and which went, in their order; and whether only times or lengths differ."""
    if before is None:
        return [], [], False
    old, new = _segment_ids(before), _segment_ids(after)
    came = [number for number in new if number not in old]
    went = [number for number in old if number not in new]
    return came, went, not came and not went and before.items != after.items


def _segment_ids(rundown: Rundown) -> list[int]:
    ids = [item.source.segment_id for item in rundown.items if isinstance(item.source, SegmentSource)]
    return list(dict.fromkeys(ids))


def _titles(ids: Sequence[int], named: _Named) -> tuple[str, ...]:
    return tuple(named[number][0] if number in named else f"#{number}" for number in ids)
