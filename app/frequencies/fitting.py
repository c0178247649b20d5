"""Whether the audio of a slot, as one file, is something that a feed and this disk can take."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session, col, select

from app.airings.carriage import lead_in_s, wishes
from app.database import id_of
from app.errors import Conflict, Invalid
from app.feeds.models import Feed
from app.frequencies.models import Line, LineFeed
from app.programmes.models import Slot
from audio.profile import Encoding
from schedules.said import say, told_by
from schedules.time import DAY_MINUTES

LOSSLESS_BITS = {"wav": 16.0, "flac": 9.0}
"""Per sample. FLAC's is measured: processed speech comes to something over half."""


def require_fit(slot: Slot, feed: Feed, room_bytes: int, field: str) -> None:
    """Refuse a feed that no airing of the slot could ever reach, with what its file has before the programme.

    ``room_bytes`` is what the disk has beside its reserve: a render that fills the disk would take the whole night with
    it, the other airings too. What grows slowly is the business of ``disk_low``, not of this.

    Raises:
        Invalid: names the field.
    """
    start_s, stop_s = _require_part(slot, feed, field)
    seconds = stop_s - start_s + lead_in_s(feed)
    if feed.max_duration_s is not None and seconds > feed.max_duration_s:
        raise Invalid(
            say(
                "wrong-fit-length",
                "feed {feed_id} takes at most {most_s} s, and its file of an airing of slot {slot_id} lasts {seconds} s",
                feed_id=id_of(feed),
                most_s=feed.max_duration_s,
                slot_id=id_of(slot),
                seconds=f"{seconds:g}",
            ),
            field=field,
        )
    encoding = wishes(feed).encoding
    needed = file_bytes(encoding, seconds)
    if needed > room_bytes:
        raise Invalid(
            say(
                "wrong-fit-disk",
                "an airing of slot {slot_id} lasts {hours} h, as {codec} for feed {feed_id} a file of {needed} MiB, and the disk has {room} MiB beside its reserve: shorten the slot, let the feed take MP3, or make room",
                slot_id=id_of(slot),
                hours=f"{seconds / 3600:.1f}",
                codec=encoding.codec,
                feed_id=id_of(feed),
                needed=needed >> 20,
                room=max(0, room_bytes) >> 20,
            ),
            field=field,
        )


def _require_part(slot: Slot, feed: Feed, field: str) -> tuple[float, float]:
    """From when to when in an airing the feed's part is, in seconds."""
    excerpt = wishes(feed).excerpt
    try:
        return excerpt.span_s(duration_s(slot))
    except ValueError:
        raise Invalid(
            say(
                "wrong-fit-part",
                "feed {feed_id} takes what is on the air {start_s} s after the start, and an airing of slot {slot_id} lasts {duration_s} s",
                feed_id=id_of(feed),
                start_s=excerpt.start_s,
                slot_id=id_of(slot),
                duration_s=duration_s(slot),
            ),
            field=field,
        ) from None


def require_no_gaps(slot: Slot, feeds: Sequence[Feed]) -> None:
    """Refuse feeds that take parts of the slot's airings and, together, leave some of it to nobody.

    Raises:
        Invalid: names the first gap.
    """
    duration = duration_s(slot)
    at = 0.0
    for start_s, stop_s in sorted(wishes(feed).excerpt.span_s(duration) for feed in feeds):
        if start_s > at:
            break
        at = max(at, stop_s)
    else:
        start_s = duration
    if feeds and at < duration:
        raise Invalid(
            say(
                "wrong-fit-gap",
                "the feeds take parts of an airing of slot {slot_id} and leave what is on the air {from_s} s to {until_s} s after its start to nobody: add the feed of that part",
                slot_id=id_of(slot),
                from_s=f"{at:g}",
                until_s=f"{start_s:g}",
            ),
            field="feed_ids",
        )


def require_covered(session: Session, slot: Slot) -> None:
    """Refuse a slot of another length, or feeds of other parts, where a line's feeds then do not fit its airings.

    Raises:
        Conflict: names the first line.
    """
    feeds: dict[int, list[Feed]] = {}
    for line_id, feed in session.exec(
        select(LineFeed.line_id, Feed)
        .join(Feed, col(Feed.id) == col(LineFeed.feed_id))
        .join(Line, col(Line.id) == col(LineFeed.line_id))
        .where(Line.slot_id == slot.id)
        .order_by(col(LineFeed.line_id), col(Feed.id))
    ):
        feeds.setdefault(line_id, []).append(feed)
    for line_id, each in feeds.items():
        try:
            for feed in each:
                _require_part(slot, feed, "part")
            require_no_gaps(slot, each)
        except Invalid as wrong:
            raise Conflict(
                say(
                    "wrong-fit-line",
                    "line {line_id}: {why}, or change the line first",
                    line_id=line_id,
                    why=told_by(wrong),
                )
            ) from None


def duration_s(slot: Slot) -> int:
    """How long the audio of one airing is, in seconds."""
    minutes = (slot.stop_minute - slot.start_minute) % DAY_MINUTES or DAY_MINUTES
    return minutes * 60 - slot.early_off_s


def file_bytes(encoding: Encoding, seconds: float) -> int:
    """About how large a file of this length is. Of two equal channels FLAC keeps one."""
    if encoding.bitrate_kbps is not None:
        return int(encoding.bitrate_kbps * 125 * seconds)
    channels = encoding.channels if encoding.codec == "wav" else 1
    return int(LOSSLESS_BITS[encoding.codec] / 8 * channels * encoding.sample_rate * seconds)
