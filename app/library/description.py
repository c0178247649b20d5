"""What a producer says about a recording, checked once for uploads, changes and imports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from app.errors import Invalid
from app.library.models import SegmentKind
from app.library.names import check_length, clean_line, clean_tags, clean_title, title_of
from schedules.said import say

MOST_EPISODES = 100_000
MOST_AIRINGS = 10_000
PROSE_LIMIT = 30_000
"""Characters of a script: an hour of speech is some 20,000 syllables."""
UNTITLED = "무제 (untitled)"


@dataclass(frozen=True, slots=True)
class Description:
    """A title, a kind, and when the recording may air: ``[air_from, air_until)``, each end open when None."""

    title: str
    kind: SegmentKind
    tags: tuple[str, ...] = ()
    presenter: str | None = None
    air_from: datetime | None = None
    air_until: datetime | None = None
    series: str | None = None
    episode: int | None = None
    awaited_as: str | None = None
    awaited_on: date | None = None
    airing_id: int | None = None
    element: str | None = None
    """Instead of both: the airing, and the element of it (its name, label or number from 1), that it is for."""
    script: str | None = None
    notes: str | None = None
    rights: str | None = None
    pseudonym: str | None = None
    max_airings: int | None = None
    retain_until: date | None = None
    batch: str | None = None


def from_form(fields: Mapping[str, Sequence[str]], file_name: str) -> Description:
    """The description in a form's fields; an empty title becomes the file's name.

    Raises:
        Invalid: names the field that is missing, given twice, or wrong.
    """
    for field, values in fields.items():
        if field != "tags" and len(values) > 1:
            raise Invalid(f"{field} was sent {len(values)} times", field=field)
    given = {field: values[0] for field, values in fields.items()}
    air_from, air_until = _instant(given, "air_from"), _instant(given, "air_until")
    check_window(air_from, air_until)
    return Description(
        title=title_from(given.get("title", ""), file_name),
        kind=_kind(given.get("kind", "").strip()),
        tags=tuple(clean_tags(fields.get("tags", ()))),
        presenter=clean_presenter(given.get("presenter")),
        air_from=air_from,
        air_until=air_until,
        script=clean_prose(given.get("script"), "script"),
        notes=clean_prose(given.get("notes"), "notes"),
        rights=clean_prose(given.get("rights"), "rights"),
        pseudonym=clean_line(given.get("pseudonym", ""), "pseudonym", 100) or None,
        max_airings=check_max_airings(_whole(given, "max_airings")),
        retain_until=_date(given, "retain_until"),
        batch=clean_line(given.get("batch", ""), "batch", 100) or None,
        **_place(given),
    )


def title_from(title: str, file_name: str) -> str:
    """The title given, else the file's name, else a stand-in.

    Raises:
        Invalid: as `clean_line`.
    """
    return clean_title(title.strip() or title_of(file_name) or UNTITLED)


def clean_presenter(presenter: str | None) -> str | None:
    """The presenter's name, None when empty.

    Raises:
        Invalid: as `clean_line`.
    """
    return clean_line(presenter or "", "presenter", 100) or None


def clean_prose(text: str | None, field: str) -> str | None:
    """Several lines of a script or a note, None when empty.

    Raises:
        Invalid: as `clean_line`, and for more than `PROSE_LIMIT` characters.
    """
    lines = [clean_line(line, field, PROSE_LIMIT) for line in (text or "").splitlines()]
    prose = "\n".join(lines).strip()
    check_length(prose, field, PROSE_LIMIT)
    return prose or None


def check_max_airings(most: int | None) -> int | None:
    """How often a recording may air at most.

    Raises:
        Invalid: not once, or more often than anything airs.
    """
    if most is not None and not 1 <= most <= MOST_AIRINGS:
        told = "max_airings is {given}: it goes from 1 to {most}"
        raise Invalid(say("wrong-max-airings", told, given=most, most=MOST_AIRINGS), field="max_airings")
    return most


def check_window(air_from: datetime | None, air_until: datetime | None) -> None:
    """A recording must be able to air at some time.

    Raises:
        Invalid: it ends before it begins.
    """
    if air_from is not None and air_until is not None and air_until <= air_from:
        told = (
            "air_until ({until_at:%Y-%m-%d %H:%M} UTC) is not after air_from ({from_at:%Y-%m-%d %H:%M} UTC): "
            "the recording could never air"
        )
        raise Invalid(say("wrong-window", told, until_at=air_until, from_at=air_from), field="air_until")


def clean_place(series: str | None, episode: int | None, name: str | None, on: date | None) -> dict[str, Any]:
    """Where a recording belongs: an episode of a series, or an awaited element of one broadcast date (KST).

    Raises:
        Invalid: half of it is missing, or it is not a number from 1 on.
    """
    series = clean_line(series or "", "series", 100) or None
    name = clean_line(name or "", "awaited_as", 100) or None
    if (series is None) != (episode is None):
        told = "series and episode go together: send both, or neither"
        raise Invalid(say("wrong-series", told), field="episode")
    if (name is None) != (on is None):
        told = "awaited_as and awaited_on go together: send both, or neither"
        raise Invalid(say("wrong-awaited", told), field="awaited_on")
    if episode is not None and not 1 <= episode <= MOST_EPISODES:
        told = "episode is {given}: it goes from 1 to {most}"
        raise Invalid(say("wrong-episode", told, given=episode, most=MOST_EPISODES), field="episode")
    return {"series": series, "episode": episode, "awaited_as": name, "awaited_on": on}


def _place(given: Mapping[str, str]) -> dict[str, Any]:
    on, name = _date(given, "awaited_on"), given.get("awaited_as")
    airing_id, element = _whole(given, "airing_id"), clean_line(given.get("element", ""), "element", 100)
    if (airing_id is None) != (not element):
        raise Invalid("airing_id and element go together: send both, or neither", field="element")
    if airing_id is not None and (on or name):
        raise Invalid("send airing_id and element, or awaited_as and awaited_on", field="airing_id")
    place = clean_place(given.get("series"), _whole(given, "episode"), name, on)
    return place | {"airing_id": airing_id, "element": element or None}


def _whole(given: Mapping[str, str], field: str) -> int | None:
    text = given.get(field, "").strip()
    if text and not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise Invalid(f'{field} "{text[:40]}" is not a whole number', field=field)
    return int(text) if text else None


def _date(given: Mapping[str, str], field: str) -> date | None:
    text = given.get(field, "").strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid(f'{field} "{text[:40]}" is not a date such as 2026-11-22', field=field) from None


def _kind(text: str) -> SegmentKind:
    if text not in set(SegmentKind):
        what = f'kind "{text[:40]}" is not known' if text else "kind is missing"
        raise Invalid(f"{what}; it is one of {', '.join(SegmentKind)}", field="kind")
    return SegmentKind(text)


def _instant(given: Mapping[str, str], field: str) -> datetime | None:
    text = given.get(field, "").strip()
    if not text:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid(f'{field} "{text[:40]}" is not a time such as 2026-11-22T20:00Z', field=field) from None
    if instant.tzinfo is None:
        raise Invalid(
            f'{field} "{text[:40]}" lacks its time zone: write 2026-11-22T20:00Z for UTC or 2026-11-23T05:00+09:00 for KST',
            field=field,
        )
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise Invalid(f'{field} "{text[:40]}" is beyond the years 1 to 9999 in UTC', field=field) from None
