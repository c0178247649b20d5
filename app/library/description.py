"""What a producer says about a recording, checked once for uploads, changes and imports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from app.errors import Invalid
from app.library.models import SegmentKind
from app.library.names import clean_line, clean_tags, clean_title, title_of

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


def check_window(air_from: datetime | None, air_until: datetime | None) -> None:
    """A recording must be able to air at some time.

    Raises:
        Invalid: it ends before it begins.
    """
    if air_from is not None and air_until is not None and air_until <= air_from:
        raise Invalid(
            f"air_until ({air_until:%Y-%m-%d %H:%M} UTC) is not after air_from ({air_from:%Y-%m-%d %H:%M} UTC): "
            "the recording could never air",
            field="air_until",
        )


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
