from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice, pairwise
from subprocess import run
from typing import Any

import pytest
from dvoacap.path_geometry import GeoPoint
from dvoacap.prediction_engine import PredictionEngine

from schedules.errors import BadCircuit
from schedules.frequencies.propagation import (
    Band,
    Circuit,
    HourSignals,
    Question,
    band,
    predict,
    slot_hours,
)
from schedules.frequencies.sunspots import predicted_sunspots

TAMSUI_TO_PYONGYANG = Circuit(from_lat=25.2, from_lon=121.4, to_lat=39.03, to_lon=125.75, power_kw=250)
KHZ = (5900.0, 7300.0, 9600.0, 11700.0)
NOON_UTC, MIDNIGHT_KST = 3, 15  # the middle of the Korean day, the middle of its night


def december(**changes: Any) -> Question:
    values: dict[str, Any] = {"circuit": TAMSUI_TO_PYONGYANG, "month": 12, "sunspots": 99.6, "khz": KHZ}
    return Question(**(values | changes))


def by_hour(question: Question) -> dict[int, HourSignals]:
    return {found.hour: found for found in predict(question)}


def test_on_a_winter_night_the_low_frequencies_win_and_by_day_the_high_ones() -> None:
    hours = by_hour(december())
    assert [signal.khz for signal in hours[MIDNIGHT_KST].ranked()] == [7300, 5900, 9600, 11700]
    assert [signal.khz for signal in hours[NOON_UTC].ranked()] == [11700, 9600, 7300, 5900]
    for hour in range(16, 22):
        assert hours[hour].ranked()[0].khz == 5900


def test_the_muf_falls_at_night_and_in_a_minimum_of_the_sun() -> None:
    hours = by_hour(december())
    assert max(hours[hour].muf_khz for hour in range(14, 22)) < min(hours[hour].muf_khz for hour in range(9))
    for hour, quiet in by_hour(december(sunspots=5)).items():
        assert quiet.muf_khz <= hours[hour].muf_khz


def test_far_above_the_muf_nobody_hears_anything() -> None:
    found = by_hour(december(khz=(21500.0,), hours=(16,)))[16]
    assert found.muf_khz < 9000
    assert found.signals[0].band is Band.NONE


def test_more_power_is_never_worse_and_gain_is_power() -> None:
    for month in (6, 12):
        weaker = [replace(TAMSUI_TO_PYONGYANG, power_kw=power) for power in (10.0, 50.0, 250.0, 500.0)]
        answers = [list(predict(december(circuit=circuit, month=month))) for circuit in weaker]
        for less, more in pairwise(answers):
            for one, other in zip(less, more, strict=True):
                assert one.muf_khz == other.muf_khz
                for low, high in zip(one.signals, other.signals, strict=True):
                    assert low.snr_db <= high.snr_db
                    assert low.reliability_percent <= high.reliability_percent
    aerial = replace(TAMSUI_TO_PYONGYANG, power_kw=25, gain_dbi=10)
    assert list(predict(december(circuit=aerial))) == list(predict(december()))


def test_values_are_dvoacaps_with_published_sunspots_scaled_and_the_snr_corrected() -> None:
    engine = PredictionEngine()
    engine.params.ssn, engine.params.month = 0.7 * 100, 12
    engine.params.tx_power = 250_000 * 10**0.3
    engine.params.tx_location = GeoPoint.from_degrees(25.2, 121.4)
    circuit = replace(TAMSUI_TO_PYONGYANG, gain_dbi=3)
    for found in predict(december(circuit=circuit, sunspots=100)):
        engine.predict(GeoPoint.from_degrees(39.0, 125.8), found.hour / 24, [khz / 1000 for khz in KHZ])
        assert found.muf_khz == pytest.approx(engine.circuit_muf.muf * 1000, abs=51)
        for signal, theirs in zip(found.signals, engine.predictions, strict=True):
            if theirs.signal.snr_db > 40:  # far below, another mode may be chosen
                assert signal.snr_db == pytest.approx(theirs.signal.snr_db + 5.5, abs=1)
            assert signal.reliability_percent >= round(theirs.signal.reliability * 100)


def test_the_same_question_has_the_same_answer_in_two_threads_at_once() -> None:
    questions = [december(), december(month=6, sunspots=20), december(khz=(6100.0, 13600.0))] * 2
    alone = [list(predict(question)) for question in questions]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(lambda question: list(predict(question)), questions))
    assert together == alone


def test_a_frequency_and_an_hour_do_not_depend_on_what_else_is_asked() -> None:
    whole = by_hour(december())
    alone = by_hour(december(khz=(9600.0,), hours=(20,)))
    assert alone[20].signals[0] in whole[20].signals


def test_a_prediction_can_be_stopped_after_any_hour() -> None:
    assert [found.hour for found in islice(predict(december()), 2)] == [0, 1]
    assert list(predict(december(khz=()))) == []


def test_values_are_plain_and_whole() -> None:
    for found in predict(december()):
        assert type(found.muf_khz) is int
        for signal in found.signals:
            assert type(signal.snr_db) is int
            assert 0 <= signal.reliability_percent <= 100
            assert type(signal.reliability_percent) is int


@pytest.mark.parametrize(
    ("percent", "expected"),
    [
        (0, Band.NONE),
        (9, Band.NONE),
        (10, Band.VERY_POOR),
        (30, Band.POOR),
        (50, Band.FAIR),
        (89, Band.GOOD),
        (90, Band.EXCELLENT),
        (100, Band.EXCELLENT),
    ],
)
def test_a_band_is_days_of_the_month(percent: int, expected: Band) -> None:
    assert band(percent) is expected


def test_the_key_is_of_the_answer_not_of_how_it_was_asked() -> None:
    key = december().key
    assert len(key) == 64
    assert december(khz=(11700.2, 9600.0, 7300.0, 5900.0, 5900.0), sunspots=100.4).key == key
    near = replace(TAMSUI_TO_PYONGYANG, from_lat=25.21, to_lon=125.84)
    assert december(circuit=near).key == key
    assert list(predict(december(circuit=near))) == list(predict(december()))
    greenwich = [replace(TAMSUI_TO_PYONGYANG, to_lon=east) for east in (0.0, -0.01)]
    assert len({december(circuit=circuit).key for circuit in greenwich}) == 1


def test_every_input_changes_the_key() -> None:
    changed = [
        december(month=11),
        december(sunspots=90),
        december(khz=(5900.0,)),
        december(hours=(1,)),
        *(
            december(circuit=replace(TAMSUI_TO_PYONGYANG, **{name: 20.0}))
            for name in ("from_lat", "from_lon", "to_lat", "to_lon", "power_kw", "gain_dbi")
        ),
    ]
    assert len({december().key, *(question.key for question in changed)}) == len(changed) + 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"month": 13}, "month 13"),
        ({"sunspots": -1}, "sunspot number of -1"),
        ({"sunspots": float("nan")}, "sunspot number of nan"),
        ({"khz": (621.0,)}, "621 kHz"),
        ({"khz": (float("nan"),)}, "nan kHz"),
        ({"hours": (24,)}, "24 is not an hour"),
    ],
)
def test_what_cannot_be_predicted_is_refused_by_name(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(BadCircuit, match=message):
        december(**changes)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("from_lat", 91.0),
        ("to_lon", -181.0),
        ("power_kw", 0.0),
        ("power_kw", float("nan")),
        ("gain_dbi", 60.0),
    ],
)
def test_an_impossible_circuit_is_refused_by_name(name: str, value: float) -> None:
    with pytest.raises(BadCircuit, match=f'"{name}" is'):
        replace(TAMSUI_TO_PYONGYANG, **{name: value})


def test_a_circuit_knows_how_far_it_goes_and_whether_the_model_does() -> None:
    assert TAMSUI_TO_PYONGYANG.distance_km == pytest.approx(1590, abs=10)
    assert TAMSUI_TO_PYONGYANG.is_within_model
    madagascar = replace(TAMSUI_TO_PYONGYANG, from_lat=-18.9, from_lon=47.5)
    assert madagascar.distance_km == pytest.approx(10200, rel=0.03)
    assert not madagascar.is_within_model
    across = Circuit(from_lat=0, from_lon=179, to_lat=0, to_lon=-179, power_kw=1)
    assert across.distance_km == pytest.approx(222, abs=2)


@pytest.mark.parametrize(
    ("start", "stop", "hours"),
    [
        (1200, 1260, (20, 21)),
        (1230, 1260, (21,)),
        (1230, 1290, (21,)),
        (1231, 1291, (21, 22)),
        (1380, 60, (23, 0, 1)),
        (1380, 1440, (23, 0)),
        (600, 600, (*range(10, 24), *range(10))),
    ],
)
def test_a_slot_asks_for_the_hours_around_it(start: int, stop: int, hours: tuple[int, ...]) -> None:
    assert slot_hours(start, stop) == hours


def test_the_sunspot_table_covers_five_years_and_admits_it() -> None:
    assert predicted_sunspots(2026, 12) == 99.6
    assert predicted_sunspots(2030, 12) == 18.7
    for year, month in ((2025, 12), (2031, 1), (2026, 0), (2026, 13)):
        assert predicted_sunspots(year, month) is None
    values = [predicted_sunspots(year, month) or 0 for year in range(2026, 2031) for month in range(1, 13)]
    assert values == sorted(values, reverse=True)  # the descent of the cycle


def test_the_model_is_loaded_only_when_something_is_predicted() -> None:
    seen = run(
        [
            sys.executable,
            "-c",
            "import sys, schedules.frequencies.propagation; print('numpy' in sys.modules)",
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    assert seen.stdout.strip() == "False"
