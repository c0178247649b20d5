"""One segment repeated to the target: stand-by and evergreen; and the interval signal, which cannot fail."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from schedules.candidates import Candidate
from schedules.compile import COMPILER_VERSION
from schedules.elements import PAUSE_S
from schedules.errors import DoesNotFit, NothingToPick
from schedules.fills import SHORTEST_PIECE
from schedules.layout import FADE_IN, FADE_OUT
from schedules.reasons import shortened_by
from schedules.ruler import SHORTEST_PAUSE, Ruler
from schedules.rundown import (
    LONGEST_SILENCE,
    IntervalSignalSource,
    Item,
    Level,
    Reason,
    Rundown,
)
from schedules.said import Said, say, together
from schedules.time import SAMPLE_RATE, samples_to_timedelta, to_utc


def compile_single(
    level: Level,
    candidate: Candidate | None,
    target_samples: int,
    grid_samples: int,
    interval_signal_samples: int,
    starts_at: datetime,
) -> Rundown:
    """One segment, repeated to the target: stand-by and evergreen. Without a segment, the interval signal throughout.

    Speech repeats whole while it fits and the interval signal takes the rest; music is shortened. With a segment this
    raises DoesNotFit (speech longer than the slot) or NothingToPick (outside its dates); without one it cannot fail.
    """
    ruler = Ruler(grid_samples, target_samples, to_utc(starts_at))
    if candidate is None:
        level = "interval_signal"
        items = list(
            _signal(
                ruler,
                0,
                ruler.lead * ruler.tick,
                interval_signal_samples,
                say("nothing-else", "nothing else may air"),
            )
        )
    else:
        _refuse(level, candidate, ruler)
        items = list(_repeated(level, candidate, ruler, interval_signal_samples))
    rundown = Rundown(
        target_samples=target_samples,
        grid_samples=grid_samples,
        level=level,
        items=tuple(items),
        notes=(),
        seed=None,
        compiler_version=COMPILER_VERSION,
    )
    rundown.check()
    return rundown


def _repeated(level: Level, one: Candidate, ruler: Ruler, signal_samples: int) -> Iterator[Item]:
    """The segment over and over, while it may air; then what may be shortened of it, or the interval signal."""
    start = ruler.lead * ruler.tick
    end, position = 0, 0
    pause = ruler.stretch_of(PAUSE_S)
    while (room := ruler.target_samples - start) >= SHORTEST_PIECE or one.samples <= room:
        samples = min(one.samples, room)
        if samples < one.samples and not one.is_elastic:
            break
        if one.why_not_at(ruler.starts_at + samples_to_timedelta(start), samples):
            break
        note = say("again", "repeated") if position else say("only-one", "the only one")
        if samples < one.samples:
            note = together((note, shortened_by(one.samples - samples)))
        fade = min(FADE_OUT, samples // 4) if samples < one.samples else 0
        source = one.source
        reason, shortened = Reason(level, 1, note), samples < one.samples
        yield Item(position, source, start, samples, one.first_sample, 0, fade, None, reason, shortened)
        end, position = start + samples, position + 1
        start += (ruler.steps(samples) + pause) * ruler.tick
    left = ruler.target_samples - end
    if left > LONGEST_SILENCE:
        # Barely more than a permitted silence may be left: the pause gives way, or the signal would be a blip
        if ruler.target_samples - start < SAMPLE_RATE:
            start = -(-(end + SHORTEST_PAUSE) // ruler.tick) * ruler.tick
        yield from _signal(
            ruler,
            position,
            start,
            signal_samples,
            say("no-time-to-repeat", "too little time is left for another repeat"),
        )


def _signal(ruler: Ruler, position: int, start: int, signal_samples: int, why: Said) -> Iterator[Item]:
    samples = ruler.target_samples - start
    if samples <= 0:
        return
    fades = min(FADE_IN, samples // 4), min(FADE_OUT, samples // 4)
    source = IntervalSignalSource(loop=samples > signal_samples)
    yield Item(position, source, start, samples, 0, *fades, None, Reason("interval_signal", 0, why))


def _refuse(level: Level, one: Candidate, ruler: Ruler) -> None:
    room = max(ruler.target_samples - ruler.lead * ruler.tick, 0)
    if one.samples > room and not one.is_elastic:
        raise DoesNotFit(
            say(
                "single-too-long",
                "{who}, segment #{segment_id}, is {own_samples} of {kind} and may not be cut, but there is room for "
                "{room_samples}: choose a shorter one",
                who=_called(level),
                segment_id=one.segment_id,
                own_samples=one.samples,
                kind=one.kind,
                room_samples=room,
            )
        )
    at = ruler.starts_at + samples_to_timedelta(ruler.lead * ruler.tick)
    if why := one.why_not_at(at, min(one.samples, room)):
        raise NothingToPick(
            say(
                "single-out-of-dates",
                "{who}, segment #{segment_id}, may not air at {turn_at:%Y-%m-%d %H:%M} UTC ({why}): choose another",
                who=_called(level),
                segment_id=one.segment_id,
                turn_at=at,
                why=why,
            )
        )


def _called(level: Level) -> Said:
    if level == "evergreen":
        return say("the-evergreen", "the evergreen")
    return say("the-stand-by", "the stand-by")
