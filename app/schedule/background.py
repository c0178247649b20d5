"""Other people's lines: a season's file is taken in one step, beside ours, and is replaced by its next version in one."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session, col, delete, select

from app.database import id_of
from app.errors import Invalid, NotFound
from app.journal.service import record
from app.schedule.files import Format, ReadFile, read_file
from app.schedule.models import Background, BackgroundLine
from app.schedule.own import of_file
from schedules.days import days_from_eibi, days_to_eibi
from schedules.frequencies import eibi
from schedules.frequencies.bands import HIGHEST_KHZ, LOWEST_KHZ
from schedules.frequencies.eibi import Standing
from schedules.frequencies.line import Line
from schedules.frequencies.season_diff import SeasonDiff, season_diff
from schedules.said import say
from schedules.season import Season

MOST_TOLD = 500
"""So many unreadable lines are kept in words."""

KEPT = 2
"""Versions of a season's background: the one that counts, and the one before."""


@dataclass(frozen=True, slots=True)
class Others:
    """What a file says of a season, our own lines left out."""

    file: ReadFile
    lines: tuple[Line, ...]
    left_out: dict[str, int] = field(default_factory=dict)


def read_others(
    content: bytes,
    season: Season,
    wanted: Format | None,
    leave_out: str | None,
    file_season: Season | None = None,
) -> Others:
    """The shortwave lines of a season's file. ``leave_out``: whose lines are ours, as the file calls them.

    ``file_season``: the season of an EiBi file that is another one than is planned: of it only the rows that say something of other
    seasons are taken, which is what there is to plan with before the new season's file is out.

    Raises:
        Invalid: it is no file of the format, or has no line of the season.
    """
    file = read_file(content, season, wanted)
    left_out: Counter[str] = Counter()
    lines: list[Line] = []
    for line in _lines(file, season, file_season or season, left_out):
        if not LOWEST_KHZ <= line.khz <= HIGHEST_KHZ:
            left_out["not-shortwave"] += 1
        elif leave_out and line.who.casefold() == leave_out.casefold():
            left_out["ours"] += 1
        else:
            lines.append(line)
    if not lines:
        told = "the file has no shortwave line of {season} that can be read"
        raise Invalid(say("unread-none", told, season=season.code), field="file")
    return Others(file, tuple(lines), dict(+left_out))


def _lines(file: ReadFile, season: Season, file_season: Season, left_out: Counter[str]) -> Sequence[Line]:
    if file.format == "hfcc":
        if file_season != season:
            told = "HFCC's lines are of one season: they say nothing of another"
            raise Invalid(say("unread-hfcc-season", told), field="file_season")
        lines = [one.line for one in file.hfcc.records if of_file(one.line, season) is not None]
        left_out[Standing.OTHER_SEASON.value] += len(file.records.records) - len(lines)
        return lines
    lines = []
    for row in file.eibi.records:
        standing = eibi.standing(row, season)
        if file_season != season and row.persistence not in eibi.LASTING:
            left_out["of-its-season"] += 1
        elif standing is Standing.AIRED:
            lines += eibi.lines(row, season)
        else:
            left_out[standing.value] += 1
    return lines


def replace_background(
    session: Session, season: Season, others: Others, file_name: str, *, now: datetime, by: int | None
) -> Background:
    """Take a season's file in place of the one before."""
    problems = [str(one) for one in others.file.problems]
    made = Background(
        season=season.code,
        format=others.file.format,
        file_name=file_name,
        file_sha256=hashlib.sha256(others.file.content).hexdigest(),
        encoding=others.file.encoding,
        lines=len(others.lines),
        left_out=others.left_out,
        problems=problems[:MOST_TOLD],
        unread=len({one.line_number for one in others.file.problems}),
        imported_at=now,
        imported_by=by,
    )
    session.add(made)
    session.flush()
    session.connection().execute(
        insert(BackgroundLine), [_columns(id_of(made), line) for line in others.lines]
    )
    for old in _versions(session, season)[KEPT:]:
        _remove(session, old)
    record(session, "background.replaced", at=now, person_id=by, subject_id=made.id, season=season.code)
    return made


def background_of(session: Session, season: Season) -> Background:
    """The version that counts. Raises NotFound."""
    versions = _versions(session, season)
    if not versions:
        raise NotFound(f"there is no background for {season.code}: import a season's file")
    return versions[0]


def remove_background(session: Session, season: Season, *, now: datetime, by: int | None) -> None:
    """Forget other people's lines of a season. Raises NotFound."""
    background_of(session, season)
    for version in _versions(session, season):
        _remove(session, version)
    record(session, "background.removed", at=now, person_id=by, season=season.code)


def background_lines(session: Session, season: Season) -> list[Line]:
    """Everybody else's lines of a season, in the order of their file; none where no file was taken."""
    versions = _versions(session, season)
    return _lines_of(session, versions[0]) if versions else []


def background_diff(session: Session, season: Season) -> SeasonDiff:
    """What the newest version changes of the one before. Raises NotFound where there are no two."""
    versions = _versions(session, season)
    if len(versions) < 2:
        raise NotFound(f"there are no two versions of the background for {season.code} to compare")
    new, old, *_ = versions
    return season_diff(_lines_of(session, old), _lines_of(session, new))


def would_change(session: Session, season: Season, others: Others) -> SeasonDiff | None:
    """What a file would change of the version that counts; None where there is none."""
    versions = _versions(session, season)
    return season_diff(_lines_of(session, versions[0]), others.lines) if versions else None


def _versions(session: Session, season: Season) -> Sequence[Background]:
    return session.exec(
        select(Background).where(Background.season == season.code).order_by(col(Background.id).desc())
    ).all()


def _remove(session: Session, version: Background) -> None:
    session.exec(delete(BackgroundLine).where(col(BackgroundLine.background_id) == version.id))
    session.delete(version)


_FIELDS = (
    *("key", "khz", "start_minute", "stop_minute", "days", "first_date", "last_date"),
    *("site", "who", "zones", "power_kw", "azimuth"),
)


def _columns(background_id: int, line: Line) -> dict[str, Any]:
    return {
        **{name: getattr(line, name) for name in _FIELDS},
        "background_id": background_id,
        "days": days_to_eibi(line.days),
        "zones": ",".join(sorted(line.zones)),
    }


def _lines_of(session: Session, version: Background) -> list[Line]:
    """Columns, not entities: ten thousand of them are wanted at once."""
    columns = [getattr(BackgroundLine, name) for name in _FIELDS]
    rows = session.execute(
        select(*columns).where(BackgroundLine.background_id == version.id).order_by(col(BackgroundLine.id))
    )
    days = {text: days_from_eibi(text) for text in _distinct(session, version, "days")}
    zones = {
        text: frozenset(text.split(",")) if text else frozenset()
        for text in _distinct(session, version, "zones")
    }
    return [
        Line(**dict(zip(_FIELDS, row, strict=True)) | {"days": days[row.days], "zones": zones[row.zones]})
        for row in rows
    ]


def _distinct(session: Session, version: Background, name: str) -> Sequence[str]:
    column = getattr(BackgroundLine, name)
    return session.exec(select(column).where(BackgroundLine.background_id == version.id).distinct()).all()
