"""Sites and lines as the API shows and takes them."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from typing import Annotated, Any, Self

from pydantic import Field, StringConstraints

from app.frequencies.models import Line
from app.frequencies.service import LineFields, SiteFields
from app.programmes.times import read_days
from app.web.bodies import Answer, Body, Prose, RowId, Text, example
from schedules.days import days_from_eibi, days_to_hfcc, format_days
from schedules.frequencies.bands import notes_on

_SITE: dict[str, Any] = {
    "code": "TAC",
    "name": "Tashkent",
    "operator": "RRTM",
    "latitude": 41.21,
    "longitude": 69.15,
    "contacts": "Control room, day and night: +998 ...",
    "desk": {"name": "Control room", "phone": "+998 ...", "language": "Russian, English", "hours": "always"},
    "desk_in_alarms": True,
    "country": "UZB",
    "retune_s": 300,
    "notice_h": 24,
    "notice_mail": "schedule@site.example",
}
_LINE: dict[str, Any] = {
    "slot_id": 7,
    "site_id": 2,
    "khz": 9650,
    "power_kw": 100,
    "azimuth": 76,
    "ciraf_zones": "44NE",
    "days": "12347",
    "first_date": "2026-10-25",
    "last_date": "2027-03-25",
    "transmitter": None,
    "synchronised": None,
    "feed_ids": [5],
}


class Desk(Body):
    """Whom to call at a site."""

    model_config = example(**_SITE["desk"])

    name: Annotated[Text, Field(max_length=200)] = ""
    phone: Annotated[Text, Field(max_length=100)] = ""
    mail: Annotated[Text, Field(max_length=200)] = ""
    language: Annotated[Text, Field(max_length=100)] = ""
    hours: Annotated[Text, Field(max_length=200)] = ""


class SiteIn(Body):
    model_config = example(**_SITE)

    code: Annotated[
        str,
        StringConstraints(to_upper=True, strip_whitespace=True, pattern=r"^[A-Za-z0-9]{2,4}$"),
        Field(description="HFCC's site code"),
    ]
    name: Annotated[Text, Field(max_length=200)]
    operator: Annotated[Text | None, Field(max_length=200)] = None
    latitude: Annotated[float | None, Field(ge=-90, le=90)] = None
    longitude: Annotated[float | None, Field(ge=-180, le=180)] = None
    contacts: Annotated[Prose | None, Field(description="Whom to call at night")] = None
    desk: Annotated[Desk, Field(default_factory=Desk, description="Who is named in alarms about its feeds")]
    desk_in_alarms: Annotated[
        bool, Field(description="Whether alarms by webhook and mail may name the desk")
    ] = False
    notice_h: Annotated[
        float, Field(ge=0, le=24 * 366, description="Changes must be asked for this many hours before")
    ] = 0
    notice_mail: Annotated[
        Text | None, Field(max_length=200, description="Where notices of changes go, if not to its desk")
    ] = None

    country: Annotated[
        str | None,
        StringConstraints(to_upper=True, pattern=r"^[A-Za-z]{1,3}$"),
        Field(description="ITU's code of the country that it stands in"),
    ] = None
    retune_s: Annotated[
        int | None,
        Field(ge=0, lt=86_400, description="How long a transmitter needs for another frequency"),
    ] = None

    def fields(self) -> SiteFields:
        return SiteFields(
            **self.model_dump(exclude={"desk"}), desk=self.desk.model_dump(exclude_defaults=True)
        )


class SiteOut(Answer):
    model_config = example(id=2, **_SITE, created_at="2026-10-25T01:00:00Z", revision=1)

    id: int
    code: str
    name: str
    operator: str | None
    latitude: float | None
    longitude: float | None
    contacts: str | None
    desk: dict[str, str]
    desk_in_alarms: bool
    country: str | None
    retune_s: int | None
    notice_h: float
    notice_mail: str | None
    created_at: datetime
    revision: int


class LineIn(Body):
    """A line. Days and dates are UTC start days; left out, they are the slot's."""

    model_config = example(**_LINE)

    slot_id: RowId
    site_id: RowId
    khz: int
    power_kw: Annotated[float | None, Field(gt=0, le=5000)] = None
    azimuth: Annotated[
        int | None, Field(ge=0, le=359, description="Degrees; leave out for non-directional")
    ] = None
    ciraf_zones: Annotated[
        str | None,
        StringConstraints(pattern=r"^[0-9]{1,2}[NESW]{0,4}(,[0-9]{1,2}[NESW]{0,4})*$", max_length=200),
    ] = None
    days: Annotated[
        str | None, Field(description="ISO digits (1 = Monday) or words: Mo-Fr, daily", max_length=60)
    ] = None
    first_date: date | None = None
    last_date: date | None = None
    transmitter: Annotated[
        Text | None, Field(max_length=20, description="Which of the site's transmitters, if known")
    ] = None
    synchronised: Annotated[
        Text | None,
        Field(max_length=20, description="Lines with the same mark are meant to share their frequency"),
    ] = None
    feed_ids: Annotated[
        list[RowId],
        Field(default_factory=list, max_length=50, description="The feeds of its site that take its audio"),
    ]

    def fields(self) -> LineFields:
        """Raises BadDays."""
        given = self.model_dump()
        return LineFields(
            **given
            | {
                "days": None if self.days is None else read_days(self.days),
                "feed_ids": tuple(self.feed_ids),
            }
        )


class LineOut(Answer):
    model_config = example(
        id=9,
        **_LINE,
        days_hfcc="12345",
        days_text="Mo-Th,Su",
        notes=[],
        created_at="2026-10-25T01:00:00Z",
        revision=1,
    )

    id: int
    slot_id: int
    site_id: int
    khz: int
    power_kw: float | None
    azimuth: int | None
    ciraf_zones: str | None
    days: Annotated[str, Field(description="UTC start days, ISO digits (1 = Monday)")]
    days_hfcc: Annotated[str, Field(description="The same in HFCC's digits (1 = Sunday)")]
    days_text: str
    first_date: date
    last_date: date
    transmitter: str | None
    synchronised: str | None
    feed_ids: list[int]
    notes: Annotated[list[str], Field(description="What a frequency manager should look at")]
    created_at: datetime
    revision: int

    @classmethod
    def of(cls, row: Line, feed_ids: list[int]) -> Self:
        days_hfcc, days_text = _days_told(row.days)
        told = {
            "days_hfcc": days_hfcc,
            "days_text": days_text,
            "feed_ids": feed_ids,
            "notes": [str(note) for note in notes_on(row.khz)],
        }
        return cls(**told, **{name: getattr(row, name) for name in cls.model_fields if name not in told})


@cache
def _days_told(days: str) -> tuple[str, str]:
    """In HFCC's digits and in words; there are only 127 of them."""
    read = days_from_eibi(days)
    return days_to_hfcc(read), format_days(read)
