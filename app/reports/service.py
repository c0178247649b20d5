"""Reception reports: what may be written, and by whom it was."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlmodel import Session, select

from app.frequencies.models import Line
from app.journal.service import record
from app.records import find, referred
from app.reports.errors import AlreadyReported, Refused
from app.reports.matching import line_heard
from app.reports.models import ReceptionReport

Jamming = Literal["none", "noise", "tone", "music", "co_channel", "unknown"]
"""What was over us. The first three of these are meant to be: ``noise`` (white, pulsed or sweeping, the jet-engine sound),
``tone`` (steady or warbling), ``music`` (music or another programme put on the channel on purpose, as Firedrake is).
``co_channel`` is another station that happens to be there; ``none`` is nothing, ``unknown`` something nobody could name."""

Source = Literal["monitor", "listener", "remote_sdr"]
"""Our own people; somebody's letter or message; a receiver reached over the network."""

CLOCKS_DIFFER = timedelta(minutes=2)
"""So far ahead of ours a reporter's clock may be."""

EARLIEST_YEAR = 2000

_SINPO = re.compile(r"[1-5]{5}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFields:
    """What a person says of a reception. A line or a frequency; SINPO, or only its overall merit."""

    heard_at: datetime
    line_id: int | None = None
    khz: int | None = None
    sinpo: str | None = None
    overall: int | None = None
    jamming: Jamming = "unknown"
    source: Source = "monitor"
    place: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    note: str | None = None


def report(session: Session, report_id: int) -> ReceptionReport:
    """Raises NotFound."""
    return find(session, ReceptionReport, report_id, "report")


def take_report(session: Session, fields: ReportFields, *, now: datetime, by: int | None) -> ReceptionReport:
    """Write a report down. Coordinates are rounded to a tenth of a degree before anything else is done with them.

    Raises:
        Refused: it cannot be of anything that we sent, or contradicts itself.
        AlreadyReported: the same one is there.
    """
    if fields.heard_at > now + CLOCKS_DIFFER:
        raise Refused(
            "in-future",
            f"{fields.heard_at:%Y-%m-%d %H:%M} UTC is still to come: look at the date and the time zone",
            field="heard_at",
        )
    if fields.heard_at.year < EARLIEST_YEAR:
        raise Refused(
            "long-ago", f"{fields.heard_at:%Y-%m-%d} is too long ago: look at the year", field="heard_at"
        )
    sinpo, overall = _merit(fields)
    latitude, longitude = _place(fields)
    line = _line(session, fields)
    made = ReceptionReport(
        heard_at=fields.heard_at,
        line_id=line.id or 0,
        khz=line.khz,
        sinpo=sinpo,
        overall=overall,
        jamming=fields.jamming,
        source=fields.source,
        place=fields.place or None,
        latitude=latitude,
        longitude=longitude,
        note=fields.note or None,
        taken_by=by,
        created_at=now,
    )
    _refuse_twin(session, made)
    session.add(made)
    session.flush()
    record(session, "report.taken", at=now, person_id=by, subject_id=made.id, line_id=made.line_id)
    return made


def delete_report(session: Session, report_id: int, *, now: datetime, by: int | None) -> None:
    """Remove a report wholly: what a listener told may endanger them. The journal keeps which line it was of. Raises NotFound."""
    gone = report(session, report_id)
    session.delete(gone)
    record(session, "report.deleted", at=now, person_id=by, subject_id=report_id, line_id=gone.line_id)


def _merit(fields: ReportFields) -> tuple[str | None, int]:
    """SINPO if there is one, and the overall merit."""
    sinpo = (fields.sinpo or "").replace(" ", "")
    if not sinpo:
        if fields.overall is None:
            raise Refused(
                "no-merit", "how well was it heard? Send sinpo, or overall from 1 to 5", field="overall"
            )
        if not 1 <= fields.overall <= 5:
            raise Refused(
                "bad-overall",
                f"an overall merit of {fields.overall} is not possible: 1 to 5",
                field="overall",
            )
        return None, fields.overall
    if not _SINPO.fullmatch(sinpo):
        raise Refused(
            "bad-sinpo",
            f'"{sinpo}" is not SINPO: five digits from 1 (worst) to 5 (best) for strength, interference, noise, '
            "propagation and overall, such as 34433",
            field="sinpo",
            sinpo=sinpo,
        )
    overall = int(sinpo[-1])
    if fields.overall not in {None, overall}:
        raise Refused(
            "merits-differ",
            f"SINPO {sinpo} ends with {overall}, but overall is {fields.overall}: correct one or leave overall out",
            field="overall",
            sinpo=sinpo,
            overall=fields.overall,
        )
    return sinpo, overall


def _place(fields: ReportFields) -> tuple[float | None, float | None]:
    latitude, longitude = fields.latitude, fields.longitude
    if latitude is None and longitude is None:
        return None, None
    if latitude is None or longitude is None:
        field = "latitude" if latitude is None else "longitude"
        raise Refused(
            "half-a-place", "latitude and longitude belong together: send both or neither", field=field
        )
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise Refused("no-such-place", "latitudes go to 90, longitudes to 180 degrees", field="latitude")
    # Adding 0.0 makes a zero of a negative zero
    return round(latitude, 1) + 0.0, round(longitude, 1) + 0.0


def _line(session: Session, fields: ReportFields) -> Line:
    if (fields.line_id is None) == (fields.khz is None):
        raise Refused("line-or-khz", "send either line_id or khz, not both", field="khz")
    if fields.line_id is not None:
        referred(session, Line, fields.line_id, "line", "line_id")
    return line_heard(session, fields.heard_at, fields.line_id, fields.khz)


def _refuse_twin(session: Session, made: ReceptionReport) -> None:
    """The same report sent twice: a form's button pressed again, a letter that two people opened."""
    told = ("line_id", "heard_at", "sinpo", "overall", "jamming", "source", "place", "latitude", "longitude")
    same = [getattr(ReceptionReport, name) == getattr(made, name) for name in told]
    twin = session.exec(select(ReceptionReport.id).where(*same)).first()
    if twin is not None:
        raise AlreadyReported(twin)
