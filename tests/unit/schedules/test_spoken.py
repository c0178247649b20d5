"""What is spoken for one airing, in the compiler: where it goes, what is told of it, and what stays when it changes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from schedules.candidates import Announced, Request
from schedules.clock import parse_clock
from schedules.compile import compile_rundown
from schedules.errors import NothingToPick, Uncompilable
from schedules.recompile import recompile
from schedules.rundown import IntervalSignalSource, Item, Rundown, SegmentSource
from schedules.said import Said
from schedules.time import SAMPLE_RATE
from tests.unit.schedules.strategies import SIGNAL_SAMPLES, STARTS_AT, segment

FRAME = 1152
TEMPLATE = ("station", "frequencies")
SPOKEN: dict[str, Any] = {"type": "spoken", "template": list(TEMPLATE)}
NEWS: dict[str, Any] = {"type": "pick", "kinds": ["news"]}
MUSIC: dict[str, Any] = {"type": "fill"}
LIBRARY = (
    segment(1, "news", 20),
    segment(2, "music", 70),
    segment(3, "music", 80),
    segment(4, "announcement", 5),
)
WORDS = "주파수는 칠천오백십오 킬로헤르츠입니다."


def announced(number: int, seconds: float, words: str = WORDS) -> Announced:
    return Announced(TEMPLATE, words, segment(number, "announcement", seconds))


def request(clock: list[dict[str, Any]], *sounds: Announced, seconds: int = 120) -> Request:
    return Request(
        parse_clock(clock),
        STARTS_AT,
        seconds * SAMPLE_RATE // FRAME * FRAME,
        FRAME,
        LIBRARY,
        SIGNAL_SAMPLES,
        announced=sounds,
    )


def names(rundown: Rundown) -> list[int]:
    return [item.source.segment_id for item in rundown.items if isinstance(item.source, SegmentSource)]


def test_it_is_in_its_place_and_says_what_it_says() -> None:
    rundown = compile_rundown(request([NEWS, SPOKEN, MUSIC], announced(101, 8)))
    assert names(rundown)[:2] == [1, 101]
    reason = rundown.items[1].reason
    assert (reason.rule, str(reason.note)) == ("spoken", WORDS)
    assert rundown.notes == ()


def test_it_may_be_said_twice() -> None:
    rundown = compile_rundown(request([SPOKEN, MUSIC, SPOKEN], announced(101, 8)))
    assert names(rundown).count(101) == 2


def test_nothing_else_takes_it() -> None:
    other: dict[str, Any] = {"type": "pick", "kinds": ["announcement"], "count": 3}
    rundown = compile_rundown(
        request([other, {"type": "announcement", "required": False}, MUSIC], announced(101, 8))
    )
    assert 101 not in names(rundown)
    assert 4 in names(rundown)


@pytest.mark.parametrize(
    ("sounds", "why"),
    [
        ((), "nothing was made for it"),
        (
            (Announced(TEMPLATE, WORDS, None, Said("", "no espeak-ng")),),
            "it could not be spoken: no espeak-ng",
        ),
        ((Announced(("date",), WORDS, segment(101, "announcement", 5)),), "nothing was made for it"),
        ((announced(101, 500),), "nothing of it fits beside what matters more (#101, the shortest, is 8:20)"),
    ],
)
def test_what_cannot_be_said_is_left_out_with_its_reason(sounds: tuple[Announced, ...], why: str) -> None:
    rundown = compile_rundown(request([NEWS, SPOKEN, MUSIC], *sounds))
    assert tuple(map(str, rundown.notes)) == (f"element 2 (spoken) was left out: {why}",)


def test_what_must_be_said_is_not_left_out() -> None:
    wanted = request(
        [NEWS, SPOKEN | {"required": True}, MUSIC], Announced(TEMPLATE, WORDS, None, Said("", "no espeak-ng"))
    )
    with pytest.raises(
        NothingToPick, match=r"element 2 \(spoken\): it could not be spoken: no espeak-ng, or make"
    ):
        compile_rundown(wanted)


def test_an_estimate_says_so() -> None:
    rundown = compile_rundown(request([SPOKEN, MUSIC], replace(announced(0, 8), is_estimate=True)))
    assert tuple(map(str, rundown.notes)) == (
        "element 1 (spoken): its length is estimated; it is spoken when the airing is compiled",
    )


def heard(items: tuple[Item, ...]) -> list[tuple[object, ...]]:
    return [(item.source, item.start_sample, item.samples, item.fade_out_samples) for item in items]


def test_what_came_before_a_changed_announcement_stays_whatever_is_newer_by_now() -> None:
    first = request([NEWS, MUSIC | {"min_s": 10}, SPOKEN, MUSIC], announced(101, 8), seconds=150)
    before = compile_rundown(first)
    place = next(item.position for item in before.items if item.reason.rule == "spoken")
    newer = segment(9, "news", 25, approved_at=STARTS_AT)
    second = replace(first, announced=(announced(102, 12),), candidates=(*LIBRARY, newer))
    assert 9 in names(compile_rundown(second))
    after = recompile(second, before)
    assert heard(after.items[:place]) == heard(before.items[:place])
    assert names(after)[place] == 102


def test_music_gives_way_where_the_new_announcement_would_not_fit_behind_it() -> None:
    first = request([NEWS, MUSIC, SPOKEN], announced(101, 8))
    before = compile_rundown(first)
    after = recompile(replace(first, announced=(announced(102, 14),)), before)
    assert heard(after.items[:1]) == heard(before.items[:1])
    assert (names(after)[0], names(after)[-1]) == (1, 102)
    assert after.items[-1].end_sample > after.target_samples - SAMPLE_RATE
    music = [sum(item.samples for item in one.items[1:-1]) for one in (before, after)]
    assert 5 * SAMPLE_RATE < music[0] - music[1] < 7 * SAMPLE_RATE


def test_an_announcement_that_can_be_made_at_last_takes_its_place() -> None:
    first = request([NEWS, SPOKEN, MUSIC], Announced(TEMPLATE, WORDS, None, Said("", "no espeak-ng")))
    before = compile_rundown(first)
    after = recompile(replace(first, announced=(announced(101, 8),)), before)
    assert names(after)[:2] == [1, 101]
    assert heard(after.items[:1]) == heard(before.items[:1])


def test_another_length_of_the_slot_keeps_nothing() -> None:
    first = request([NEWS, SPOKEN, MUSIC], announced(101, 8))
    longer = replace(request([NEWS, SPOKEN, MUSIC], announced(102, 8), seconds=125))
    assert recompile(longer, compile_rundown(first)) == compile_rundown(longer)


elements = st.sampled_from(
    [
        NEWS,
        NEWS,
        MUSIC,
        MUSIC,
        MUSIC | {"min_s": 10},
        {"type": "pick", "kinds": ["talk"], "required": False},
        SPOKEN,
    ]
)
lengths = st.floats(1, 20)


@st.composite
def rewordings(draw: st.DrawFn) -> tuple[Request, Request]:
    """A programme that announces something, and the same with other words of another length."""
    clock = [*draw(st.lists(elements, max_size=4)), SPOKEN, *draw(st.lists(elements, max_size=3))]
    kinds = st.sampled_from(["news", "talk", "music", "music"])
    library = [
        segment(number, draw(kinds), draw(st.floats(5, 60))) for number in range(1, draw(st.integers(3, 9)))
    ]
    first = request(clock, announced(101, draw(lengths)), seconds=draw(st.integers(60, 240)))
    first = replace(first, candidates=tuple(library))
    return first, replace(first, announced=(announced(102, draw(lengths)),))


@given(rewordings())
def test_a_reworded_programme_keeps_a_beginning_and_leaves_out_no_more_than_a_new_one(
    both: tuple[Request, Request],
) -> None:
    first, second = both
    try:
        before = compile_rundown(first)
        new = compile_rundown(second)
    except Uncompilable:
        return
    after = recompile(second, before)
    after.check()
    assert 101 not in names(after), "what was said before is never kept"
    assert _left_out(after) <= max(_left_out(before), _left_out(new))
    assert _signal(after) <= max(_signal(before), _signal(new))
    same = sum(one == other for one, other in zip(heard(before.items), heard(after.items), strict=False))
    event(f"{same} items are the same")


def _left_out(rundown: Rundown) -> int:
    return rundown.fit.left_out if rundown.fit else 0


def _signal(rundown: Rundown) -> int:
    return sum(item.samples for item in rundown.items if isinstance(item.source, IntervalSignalSource))
