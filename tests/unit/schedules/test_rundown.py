from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from schedules.errors import BadRundown
from schedules.rundown import (
    Gap,
    IntervalSignalSource,
    Item,
    Reason,
    Rundown,
    SegmentSource,
    Source,
    audio_airs_at,
)
from schedules.time import SAMPLE_RATE

FRAME = 1152
STARTS_AT = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)


def item(position: int, start: int, samples: int, **changes: Any) -> Item:
    source: Source = SegmentSource(7, "ab" * 32) if position % 2 == 0 else IntervalSignalSource(loop=True)
    made = Item(
        position, source, start * FRAME, samples, 480, 0, 100, position, Reason("fixed", 1, "여는 말")
    )
    return replace(made, **changes)


def song(position: int, start: int, samples: int, **changes: Any) -> Item:
    """An item that is faded at both ends, over ten frames."""
    fades = {"fade_in_samples": 10 * FRAME, "fade_out_samples": 10 * FRAME}
    return item(position, start, samples, **({"source": SegmentSource(7, "ab" * 32)} | fades | changes))


def rundown(*items: Item, **changes: Any) -> Rundown:
    made = Rundown(2500 * FRAME, FRAME, "programme", items, ("a note",), 3, "greedy-1")
    return replace(made, **changes)


WHOLE = rundown(item(0, 2, 20 * SAMPLE_RATE), item(1, 860, 39 * SAMPLE_RATE))


def test_json_is_canonical_and_reads_back() -> None:
    written = WHOLE.to_json()
    assert Rundown.from_json(written) == WHOLE
    assert Rundown.from_json(written.decode()).to_json() == written
    assert (
        written
        == json.dumps(json.loads(written), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    )


def test_json_holds_no_floats() -> None:
    def refuse(text: str) -> float:
        pytest.fail(f"{text} is a float")

    json.loads(WHOLE.to_json(), parse_float=refuse)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "null",
        WHOLE.to_json().replace(b'"schema":2', b'"schema":3'),
        WHOLE.to_json().replace(b'"level":"programme"', b'"level":"encore"'),
        WHOLE.to_json().replace(b'"type":"segment"', b'"type":"tape"'),
        WHOLE.to_json().replace(b'"position":0', b'"place":0'),
    ],
)
def test_what_is_not_a_rundown_is_refused(text: bytes | str) -> None:
    with pytest.raises(BadRundown, match="this is not a rundown of schema 2"):
        Rundown.from_json(text)


def test_a_sound_rundown_passes_its_check() -> None:
    WHOLE.check()


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (rundown(item(1, 2, 10)), "item 0 is numbered 1"),
        (
            rundown(item(0, 2, 10, start_sample=2305)),
            "item 0 starts at sample 2305, which is not on the grid of 1152",
        ),
        (rundown(item(0, -2, 10)), "item 0 starts at sample -2304"),
        (rundown(item(0, 2, 0)), "item 0 plays 0 samples"),
        (rundown(item(0, 2, 10, first_sample=-1)), "item 0 plays 10 samples from sample -1"),
        (rundown(item(0, 2, 150, fade_in_samples=51)), "item 0 has fades that are longer than itself"),
        (rundown(item(0, 2, 2 * FRAME), item(1, 3, 200)), "item 1 starts at sample 3456, before 4608"),
        (
            rundown(song(0, 0, 50 * FRAME), song(1, 40, 50 * FRAME, fade_in_samples=9 * FRAME)),
            "item 1 starts at sample 46080, before 57600, where the one before it ends, and it is no cross-fade",
        ),
        (
            rundown(song(0, 0, 50 * FRAME, fade_out_samples=FRAME), song(1, 40, 50 * FRAME)),
            "it is no cross-fade",
        ),
        (
            rundown(song(0, 0, 50 * FRAME), song(1, 40, 50 * FRAME, source=IntervalSignalSource(loop=True))),
            "it is no cross-fade",
        ),
        (
            rundown(song(0, 0, 50 * FRAME), song(1, 40, 25 * FRAME), song(2, 49, 50 * FRAME)),
            "item 2 starts at sample 56448, before 74880, where the one before it ends, and it is no cross-fade",
        ),
        (
            rundown(song(0, 0, 500 * FRAME), song(1, 200, 500 * FRAME)),
            "it is no cross-fade",
        ),
        (
            rundown(item(0, 0, 2500 * FRAME + 1)),
            "the last item ends at sample 2880001, after the target of 2880000",
        ),
        (rundown(item(0, 42, 2458 * FRAME)), "samples 0 to 48384 are silent for longer than a second"),
        (rundown(item(0, 0, 2458 * FRAME)), "samples 2831616 to 2880000 are silent for longer than a second"),
        (replace(WHOLE, target_samples=2880001), "the target of 2880001 samples is not on the grid of 1152"),
    ],
)
def test_every_broken_invariant_is_found_and_named(broken: Rundown, words: str) -> None:
    with pytest.raises(BadRundown, match=words):
        broken.check()


def test_music_may_be_faded_into_music_and_each_has_its_turn() -> None:
    first, second, third = song(0, 0, 1000 * FRAME), song(1, 990, 500 * FRAME), song(2, 1500, 1000 * FRAME)
    faded = rundown(first, second, third)
    faded.check()
    assert faded.silences(0) == [Gap(1490 * FRAME, 1500 * FRAME)]
    assert faded.turns() == [(first, 990 * FRAME), (second, 1490 * FRAME), (third, 2500 * FRAME)]
    assert Rundown.from_json(faded.to_json()) == faded


def test_a_rundown_of_the_first_schema_can_still_be_read() -> None:
    """Then only what was shortened had fades."""
    body = json.loads(WHOLE.to_json())
    body["schema"] = 1
    for one in body["items"]:
        del one["shortened"]
    read = Rundown.from_json(json.dumps(body))
    assert [one.shortened for one in read.items] == [True, False]
    assert read == replace(WHOLE, items=(replace(WHOLE.items[0], shortened=True), WHOLE.items[1]))


def test_silences_are_the_gaps_before_between_and_after() -> None:
    first, second = WHOLE.items
    gaps = [
        Gap(0, 2 * FRAME),
        Gap(first.end_sample, second.start_sample),
        Gap(second.end_sample, WHOLE.target_samples),
    ]
    assert WHOLE.silences(0) == gaps
    assert WHOLE.silences(2 * FRAME) == gaps[1:]


def test_an_item_is_heard_when_its_samples_say() -> None:
    assert audio_airs_at(WHOLE.items[1], STARTS_AT) == STARTS_AT + timedelta(seconds=20.64)


def test_the_segments_of_a_rundown_are_what_a_recall_looks_for() -> None:
    assert WHOLE.segment_ids() == {7}
