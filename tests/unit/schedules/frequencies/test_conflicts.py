from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.frequencies.conflicts import Conflict, background_conflicts, own_conflicts
from tests.unit.schedules.frequencies.minute_by_minute import Clash, clashes, minutes_in
from tests.unit.schedules.frequencies.seasons import lines, seasons_around, spans_around

RETUNE_S = {"TAC": 90, "PUG": 3600}


def figures(conflict: Conflict) -> Clash:
    return Clash(
        conflict.level.code,
        conflict.line.key,
        conflict.other.key,
        conflict.first_at,
        conflict.occurrences,
        conflict.minutes,
        conflict.gap_s,
    )


def check_the_rest(conflicts: tuple[Conflict, ...]) -> None:
    order = [(-one.level, one.first_at) for one in conflicts]
    assert order == sorted(order)
    for one in conflicts:
        assert one.separation_khz == abs(one.line.khz - one.other.khz)
        assert one.shared_zones == one.line.zones & one.other.zones


@settings(max_examples=300)
@given(st.data())
def test_own_conflicts_are_those_that_every_minute_shows(data: st.DataObject) -> None:
    centre, own = data.draw(seasons_around())
    span = data.draw(spans_around(centre))
    found = own_conflicts(own, span, RETUNE_S)
    figured = [figures(one) for one in found]
    assert set(figured) == clashes(own, own, minutes_in(span), RETUNE_S)
    assert len(figured) == len(set(figured))
    check_the_rest(found)


@settings(max_examples=300)
@given(st.data())
def test_conflicts_with_others_are_those_that_every_minute_shows(data: st.DataObject) -> None:
    centre, own = data.draw(seasons_around(3))
    others = [data.draw(lines(centre, f"b{number}")) for number in range(data.draw(st.integers(0, 3)))]
    span = data.draw(spans_around(centre))
    found = background_conflicts(own, others, span)
    figured = [figures(one) for one in found]
    assert set(figured) == clashes(own, others, minutes_in(span), None)
    assert len(figured) == len(set(figured))
    check_the_rest(found)
