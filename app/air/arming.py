"""What the engine leaves for the air process: one file for each armed airing, written in one step."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.air.armed import Armed, ArmedFile, Output, Sound, Title, Turn, dump_armed
from app.airings.carriage import Carriage, is_bare, wishes
from app.airings.models import Airing, Artefact, RundownVersion
from app.airings.programme import programme_of
from app.airings.stand_ins import live_feeds, ready_chain
from app.database import id_of
from app.feeds.live import own_options, preroll_s
from app.feeds.models import Feed
from app.feeds.service import confinement
from app.library.models import Segment
from app.settings import Settings
from app.storage import Blobs, sync_directory, write_atomically
from schedules.rundown import Rundown, SegmentSource

LAST_MOMENT = timedelta(minutes=2)
"""Before the start: from then on an airing is armed with what there is, and if that is the interval signal."""


def of_files(session: Session, settings: Settings, airing: Airing) -> Armed:
    """An airing that no feed takes live, as it is armed: for the record."""
    blobs = Blobs(settings.blobs_dir)
    rows = session.exec(_artefacts(airing, airing.version)).all()
    return replace(
        _bare(airing, airing.version),
        files=tuple(_file(blobs, row) for row in rows if is_bare(row.recipe)),
    )


def of_live(
    session: Session, settings: Settings, airing: Airing, carried: Sequence[Carriage], now: datetime
) -> Armed | None:
    """An airing with live feeds as it should be armed now; None while it is not to be armed yet.

    It is armed once the newest version that all its live feeds can be given is rendered and all that may stand in for it is
    ready. Shortly before its start it is armed with what there is: silence is the one thing that may not go out.
    """
    feeds = live_feeds(carried)
    blobs = Blobs(settings.blobs_dir)
    recipes = sorted({wishes(feed).recipe for feed in feeds})
    chains = {recipe: ready_chain(session, blobs, airing, recipe) for recipe in recipes}
    if any("interval_signal" not in files for files, _ in chains.values()):
        return None
    version, programmes = _programmes(session, blobs, airing, recipes)
    complete = version > 0 and all(whole for _, whole in chains.values())
    if not complete and airing.arming == 0 and now < airing.starts_at - LAST_MOMENT:
        return None
    encodings = {wishes(feed).recipe: wishes(feed).encoding for feed in feeds}
    sounds = []
    for recipe in recipes:
        encoding = encodings[recipe]
        assert encoding.frame_samples is not None, "a live feed has frames"
        frames = encoding.length(airing.target_samples) // encoding.frame_samples
        sounds.append(Sound(recipe, encoding, frames, programmes.get(recipe), chains[recipe][0]))
    walls = confinement(session, settings)
    return replace(
        _bare(airing, version),
        sounds=tuple(sounds),
        outputs=tuple(
            replace(_output(feed, walls), titles=_titles(session, airing, version, feed)) for feed in feeds
        ),
        turns=tuple(_turn(turn) for turn in airing.turns),
    )


def digest(armed: Armed) -> str:
    """The same for what would be armed alike."""
    return hashlib.sha256(dump_armed(replace(armed, serial=0))).hexdigest()[:16]


def arm(settings: Settings, armed: Armed) -> Path:
    """Put an airing into the air process's folder, and take it out as it was armed before."""
    path = settings.armed_dir / f"{armed.name}.json"
    write_atomically(path, dump_armed(armed))
    _remove(settings, armed.airing_id, keep=path)
    return path


def disarm(settings: Settings, airing_id: int) -> None:
    """Take an airing out of the air process's folder."""
    _remove(settings, airing_id, keep=None)


def armed_airings(settings: Settings) -> set[int]:
    """Ids of the airings in the air process's folder."""
    names = (path.name.partition("-")[0] for path in settings.armed_dir.glob("*-*.json"))
    return {int(name) for name in names if name.isdecimal()}


def _bare(airing: Airing, version: int) -> Armed:
    return Armed(
        airing_id=id_of(airing),
        serial=airing.arming,
        version=version,
        starts_at=airing.starts_at,
        stops_at=airing.stops_at,
    )


def _turn(turn: Mapping[str, Any]) -> Turn:
    """As the air process needs it: why it was taken is nothing to it."""
    return Turn(**{name: value for name, value in turn.items() if name != "because"})


def _programmes(
    session: Session, blobs: Blobs, airing: Airing, recipes: Sequence[str]
) -> tuple[int, dict[str, ArmedFile]]:
    """The newest version that there is in every recipe, and its artefacts; version 0 where there is none."""
    for version in range(airing.version, 0, -1):
        rows = session.exec(_artefacts(airing, version).where(col(Artefact.recipe).in_(recipes))).all()
        if len(rows) == len(recipes):
            return version, {row.recipe: _file(blobs, row) for row in rows}
    return 0, {}


def _artefacts(airing: Airing, version: int) -> SelectOfScalar[Artefact]:
    return (
        select(Artefact)
        .join(RundownVersion, col(RundownVersion.id) == col(Artefact.rundown_id))
        .where(RundownVersion.airing_id == airing.id, RundownVersion.version == version)
        .order_by(col(Artefact.id))
    )


def _file(blobs: Blobs, row: Artefact) -> ArmedFile:
    path = blobs.path("artefacts", row.sha256, f".{row.extension}")
    return ArmedFile(path, row.sha256, row.bytes)


def _output(feed: Feed, walls: Path | None) -> Output:
    return Output(
        feed_id=id_of(feed),
        protocol=feed.protocol,
        address=feed.address,
        recipe=wishes(feed).recipe,
        credential=feed.credential,
        options=own_options(feed),
        preroll_s=preroll_s(feed),
        lead_ms=float(feed.options.get("lead_ms", 0.0)),
        confined_to=walls,
    )


def _titles(session: Session, airing: Airing, version: int, feed: Feed) -> tuple[Title, ...]:
    """What this feed's listeners are told: nothing, unless the feed asks for it."""
    wanted = feed.options.get("titles")
    programme = programme_of(session, airing)
    if wanted == "programme":
        return (Title(0, programme.title),)
    body = session.exec(
        select(RundownVersion.body).where(
            RundownVersion.airing_id == airing.id, RundownVersion.version == version
        )
    ).one_or_none()
    if wanted != "items" or body is None:
        return ()
    rundown = Rundown.from_json(body)
    rows = session.exec(
        select(Segment.id, Segment.title).where(col(Segment.id).in_(rundown.segment_ids()))
    ).all()
    called = dict(rows)
    return tuple(
        Title(item.start_sample, called.get(item.source.segment_id, programme.title))
        if isinstance(item.source, SegmentSource)
        else Title(item.start_sample, programme.title)
        for item in rundown.items
    )


def _remove(settings: Settings, airing_id: int, keep: Path | None) -> None:
    for path in settings.armed_dir.glob(f"{airing_id}-*.json"):
        if path != keep:
            path.unlink(missing_ok=True)
    sync_directory(settings.armed_dir)
