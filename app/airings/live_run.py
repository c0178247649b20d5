"""What went out live, out of the air process's own record: frame by frame, and what was missed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from app.air.models import AirRecord
from app.airings.carriage import Carriage, wishes
from app.airings.models import Airing, AsRun, RundownVersion, StandIn
from app.database import id_of
from app.feeds.models import Feed
from app.monitor.service import of_airing
from audio.profile import Encoding
from schedules.rundown import Rundown, SegmentSource
from schedules.time import SAMPLE_RATE, samples_to_timedelta

HEARD_BEFORE = timedelta(seconds=2)
"""A listen hears five seconds: what it proves is what lies in their middle."""

SHORT = timedelta(minutes=1)
"""What was missed of an airing in all, up to which its minutes count as sent: sites bill by the minute."""


@dataclass(frozen=True, slots=True)
class Sent:
    """Something that went out in one piece: frames of an airing, and what they were."""

    version: int
    level: str
    sha256: str
    """Its first twelve digits."""
    at: int
    until: int
    first: int
    lag_bytes: int
    """What had been written and not been acknowledged when the connection was lost."""
    why: str | None


@dataclass(frozen=True, slots=True)
class _Stretch:
    """The same in samples at 48 kHz after the airing's beginning."""

    start: int
    end: int
    sent: Sent | None
    """None: nothing went out."""


def sent_on(session: Session, airing: Airing, feed_id: int) -> list[Sent]:
    """What went out on one feed, in the order of its frames. Where two say the same frames, the later record counts."""
    records = session.exec(
        select(AirRecord)
        .where(AirRecord.airing_id == airing.id, AirRecord.kind == "sent")
        .order_by(col(AirRecord.id))
    ).all()
    found: list[Sent] = []
    for record in records:
        told = _told(record)
        if told is None or told.get("f") != feed_id:
            continue
        begin, end = told["n"]
        # On a connection that goes on what is on its way arrives
        lag = told.get("lag", 0) if told.get("why") else 0
        found.append(
            Sent(
                record.version,
                told["l"],
                told["s"],
                begin,
                end,
                told["k"],
                lag,
                told.get("why"),
            )
        )
    return found


def record_live(session: Session, airing: Airing, carriage: Carriage, feed: Feed) -> bool:
    """Write what a line's live feed sent, and what it missed. Gives whether anything of the airing went out."""
    encoding = wishes(feed).encoding
    stretches = _stretches(sent_on(session, airing, id_of(feed)), encoding, airing.target_samples)
    missed = sum(one.end - one.start for one in stretches if one.sent is None)
    is_short = samples_to_timedelta(missed) <= SHORT
    heard = _heard(session, airing, id_of(feed))
    rows: list[dict[str, Any]] = []
    for one in stretches:
        if one.sent is None:
            rows.append(_missed(airing, one, is_short=is_short))
        elif one.sent.level == "programme":
            items = _programme(session, airing, one, one.sent, encoding)
            rows.extend(_with_ears(item, heard) for item in items)
        elif one.sent.level == "studio":
            rows.append(_studio(airing, one, one.sent, encoding))
        else:
            rows.append(_stand_in(session, airing, one, one.sent, encoding))
    for position, row in enumerate(rows):
        session.add(
            AsRun(
                airing_id=id_of(airing),
                line_id=id_of(carriage.line),
                feed_id=id_of(feed),
                position=position,
                **row,
            )
        )
    return any(one.sent for one in stretches)


def _heard(session: Session, airing: Airing, feed_id: int) -> list[tuple[datetime, float]]:
    """The instants of the airing that were heard at a feed's other end as they went out, each with how late it was."""
    return [
        (row.at - timedelta(seconds=row.delay_s) - HEARD_BEFORE, row.delay_s)
        for row in of_airing(session, id_of(airing))
        if row.feed_id == feed_id and row.finding == "ok" and row.delay_s is not None
    ]


def _with_ears(row: dict[str, Any], heard: Sequence[tuple[datetime, float]]) -> dict[str, Any]:
    """What was heard is known better than by the endpoint's word."""
    delays = [delay_s for at, delay_s in heard if row["starts_at"] <= at < row["ends_at"]]
    if not delays:
        return row
    details = {**row["details"], "heard": len(delays), "delay_s": round(sum(delays) / len(delays), 2)}
    return {**row, "evidence": "monitored", "details": details}


def _stretches(sent: Sequence[Sent], encoding: Encoding, target: int) -> list[_Stretch]:
    """The whole airing in order, with what is missing between what was sent; what is silent at its end by less than a frame
    is no miss.
    """
    found: list[_Stretch] = []
    reached = 0
    frame = _samples(1, encoding)
    for one in sorted(sent, key=lambda each: each.at):
        start, end = (
            max(_samples(max(one.at, 0), encoding), reached),
            min(_samples(one.until, encoding), target),
        )
        if start >= end:  # before the programme, or sent twice
            continue
        if start > reached:
            found.append(_Stretch(reached, start, None))
        found.append(_Stretch(start, end, one))
        reached = end
    if target - reached >= frame:
        found.append(_Stretch(reached, target, None))
    return found


def _programme(
    session: Session, airing: Airing, stretch: _Stretch, sent: Sent, encoding: Encoding
) -> Iterable[dict[str, Any]]:
    """The items of the version that went out. What the endpoint had not acknowledged at the end was only sent."""
    body = session.exec(
        select(RundownVersion.body).where(
            RundownVersion.airing_id == airing.id, RundownVersion.version == sent.version
        )
    ).one_or_none()
    if body is None:
        return
    sure_until = stretch.end - _lag_samples(sent, encoding)
    for item, turn_ends in Rundown.from_json(body).turns():
        start, end = max(item.start_sample, stretch.start), min(turn_ends, stretch.end)
        if start >= end:
            continue
        is_segment = isinstance(item.source, SegmentSource)
        yield {
            "version": sent.version,
            "segment_id": item.source.segment_id if isinstance(item.source, SegmentSource) else None,
            "source": "segment" if is_segment else "interval_signal",
            "starts_at": airing.starts_at + samples_to_timedelta(start),
            "ends_at": airing.starts_at + samples_to_timedelta(end),
            "evidence": "endpoint_accepted" if end <= sure_until else "sent",
            "details": {
                "live": True,
                "sha256": sent.sha256,
                "frames": _frames_of(sent, start, end, encoding),
                "first_sample": item.first_sample + start - item.start_sample,
            },
        }


def _stand_in(
    session: Session, airing: Airing, stretch: _Stretch, sent: Sent, encoding: Encoding
) -> dict[str, Any]:
    row = session.exec(select(StandIn).where(col(StandIn.sha256).startswith(sent.sha256))).first()
    return {
        "version": sent.version,
        "segment_id": row.segment_id if row else None,
        "source": "segment" if row and row.segment_id else "interval_signal",
        "starts_at": airing.starts_at + samples_to_timedelta(stretch.start),
        "ends_at": airing.starts_at + samples_to_timedelta(stretch.end),
        "evidence": "sent" if sent.lag_bytes else "endpoint_accepted",
        "details": {
            "live": True,
            "level": sent.level,
            "sha256": sent.sha256,
            "frames": _frames_of(sent, stretch.start, stretch.end, encoding),
        },
    }


def _studio(airing: Airing, stretch: _Stretch, sent: Sent, encoding: Encoding) -> dict[str, Any]:
    """What a studio sent: ``takeover`` names it, and the frames are those of its file (`app.studio.files`)."""
    named = (turn for turn in airing.turns if turn["level"] == "studio")
    last = [turn for turn in named if turn["from_sample"] <= stretch.start + _samples(1, encoding)]
    return {
        "version": sent.version,
        "source": "studio",
        "starts_at": airing.starts_at + samples_to_timedelta(stretch.start),
        "ends_at": airing.starts_at + samples_to_timedelta(stretch.end),
        "evidence": "sent" if sent.lag_bytes else "endpoint_accepted",
        "details": {
            "live": True,
            "level": sent.level,
            "takeover": last[-1].get("takeover") if last else None,
            "sha256": sent.sha256,
            "frames": _frames_of(sent, stretch.start, stretch.end, encoding),
        },
    }


def _missed(airing: Airing, stretch: _Stretch, *, is_short: bool) -> dict[str, Any]:
    return {
        "source": "nothing",
        "starts_at": airing.starts_at + samples_to_timedelta(stretch.start),
        "ends_at": airing.starts_at + samples_to_timedelta(stretch.end),
        "evidence": "planned",
        "details": {"live": True, "why": "nothing went out", "short": is_short},
    }


def _frames_of(sent: Sent, start: int, end: int, encoding: Encoding) -> list[int]:
    """Which frames of the artefact were sent from one sample of the airing to another, as [first, end)."""
    grain = (encoding.frame_samples or 1) * SAMPLE_RATE
    first, last = (-(-sample * encoding.sample_rate // grain) for sample in (start, end))
    return [sent.first + first - sent.at, sent.first + last - sent.at]


def _lag_samples(sent: Sent, encoding: Encoding) -> int:
    """How much sound so many bytes are, at least."""
    kbps = encoding.bitrate_kbps or 1_000
    return sent.lag_bytes * 8 * SAMPLE_RATE // (kbps * 1000)


def _samples(frames: int, encoding: Encoding) -> int:
    """Where a frame begins, in samples at 48 kHz."""
    return frames * (encoding.frame_samples or 0) * SAMPLE_RATE // encoding.sample_rate


def _told(record: AirRecord) -> Mapping[str, Any] | None:
    try:
        told = json.loads(record.detail or "")
    except ValueError:
        return None
    return told if isinstance(told, dict) and {"f", "n", "l", "s", "k"} <= told.keys() else None
