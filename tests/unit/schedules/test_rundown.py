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
from schedules.said import Said, say
from schedules.time import SAMPLE_RATE

FRAME = 1152
STARTS_AT = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)


NOTES = (
    say(
        "left-out",
        "{stage} was left out: {why}",
        stage=say(
            "element",
            "element {number} ({what})",
            number=2,
            what=say("pick", "pick {kinds: or }", kinds=("news", "talk")),
        ),
        why=say("not-after", "it may not air after {until_at:%Y-%m-%d %H:%M} UTC", until_at=STARTS_AT),
    ),
    say("delivered-earlier", "this is what came for {due_on}", due_on=STARTS_AT.date()),
    say("covered", "{parts:, }", parts=(say("unfilled", "the last {own_samples}", own_samples=96_000),)),
)


def item(position: int, start: int, samples: int, **changes: Any) -> Item:
    source: Source = SegmentSource(7, "ab" * 32) if position % 2 == 0 else IntervalSignalSource(loop=True)
    made = Item(
        position,
        source,
        start * FRAME,
        samples,
        480,
        0,
        100,
        position,
        Reason("fixed", 1, say("words", "{words}", words="여는 말")),
    )
    return replace(made, **changes)


def song(position: int, start: int, samples: int, **changes: Any) -> Item:
    """An item that is faded at both ends, over ten frames."""
    fades = {"fade_in_samples": 10 * FRAME, "fade_out_samples": 10 * FRAME}
    return item(position, start, samples, **({"source": SegmentSource(7, "ab" * 32)} | fades | changes))


def rundown(*items: Item, **changes: Any) -> Rundown:
    made = Rundown(2500 * FRAME, FRAME, "programme", items, NOTES, 3, "greedy-1")
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
        WHOLE.to_json().replace(b'"schema":3', b'"schema":4'),
        WHOLE.to_json().replace(b'"schema":3', b'"schema":0'),
        WHOLE.to_json().replace(b'"values":', b'"value":'),
        WHOLE.to_json().replace(b'"until_at":"2026', b'"until_at":"in 2026'),
        WHOLE.to_json().replace(b'"level":"programme"', b'"level":"encore"'),
        WHOLE.to_json().replace(b'"type":"segment"', b'"type":"tape"'),
        WHOLE.to_json().replace(b'"position":0', b'"place":0'),
    ],
)
def test_what_is_not_a_rundown_is_refused(text: bytes | str) -> None:
    with pytest.raises(BadRundown, match="this is not a rundown of schema 3"):
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
    read = Rundown.from_json(OLD.replace('"schema":2', '"schema":1').replace('"shortened":false,', ""))
    assert [one.shortened for one in read.items] == [True]
    assert [str(note) for note in read.notes] == ["element 3 (fill): its pieces do not fit"]


OLD = (
    '{"compiler_version":"exact-3","fit":null,"grid_samples":1152,"items":[{"element":0,"fade_in_samples":0,'
    '"fade_out_samples":480,"first_sample":0,"position":0,"reason":{"candidates":2,'
    '"note":"approved 2026-11-22 16:41 UTC","rule":"pick newest"},"samples":960000,"shortened":false,'
    '"source":{"cut":1,"master_sha256":"ab","segment_id":7,"type":"segment"},"start_sample":2304}],'
    '"level":"programme","notes":["element 3 (fill): its pieces do not fit"],"schema":2,"seed":1,"target_samples":2880000}'
)
"""As rundowns were stored when what is told to people was bare sentences."""


def test_a_rundown_of_the_second_schema_can_still_be_read_and_is_written_as_one_of_the_third() -> None:
    read = Rundown.from_json(OLD)
    assert read.items[0].reason == Reason("pick newest", 2, Said("", "approved 2026-11-22 16:41 UTC"))
    assert read.notes == (Said("", "element 3 (fill): its pieces do not fit"),)
    assert Rundown.from_json(read.to_json()) == read
    assert json.loads(read.to_json())["notes"] == [
        {"code": "", "text": "element 3 (fill): its pieces do not fit", "values": {}}
    ]


def test_what_is_told_is_written_with_its_code_and_its_values() -> None:
    left_out, earlier, covered = json.loads(WHOLE.to_json())["notes"]
    assert left_out == {
        "code": "left-out",
        "text": "element 2 (pick news or talk) was left out: it may not air after 2026-11-22 20:00 UTC",
        "values": {
            "stage": {
                "code": "element",
                "text": "element 2 (pick news or talk)",
                "values": {
                    "number": 2,
                    "what": {
                        "code": "pick",
                        "text": "pick news or talk",
                        "values": {"kinds": ["news", "talk"]},
                    },
                },
            },
            "why": {
                "code": "not-after",
                "text": "it may not air after 2026-11-22 20:00 UTC",
                "values": {"until_at": "2026-11-22T20:00:00Z"},
            },
        },
    }
    assert earlier["values"] == {"due_on": "2026-11-22"}
    assert covered["text"] == "the last 0:02"
    assert covered["values"]["parts"][0]["values"] == {"own_samples": 96_000}
    assert json.loads(WHOLE.to_json())["items"][0]["reason"]["note"] == {
        "code": "words",
        "text": "여는 말",
        "values": {"words": "여는 말"},
    }


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
