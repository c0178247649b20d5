"""Predictions as the API shows them: ranks and bands, never decibels."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import Field

from app.frequencies.models import Site
from app.propagation.cache import hours_of, missing
from app.propagation.service import Found, Progress
from app.web.bodies import Answer, SaidOut, example
from schedules.frequencies.bands import in_band
from schedules.frequencies.propagation import (
    MODEL_REACH_KM,
    SNR_CORRECTION_DB,
    Band,
    HourSignals,
    Question,
    Signal,
)
from schedules.said import Said, say

BandName = Literal["none", "very_poor", "poor", "fair", "good", "excellent"]

NOTES = (
    say(
        "prediction-month",
        "Statistics of a month over a path, not tonight's weather: bands and ranks mean something, single decibels do not.",
    ),
    say(
        "prediction-model",
        "The model is dvoacap, a port of VOACAP. {added} dB are added to its signal-to-noise ratios, which were "
        "measured about 5.7 dB low; its ranking agrees with the original's in 98.6 % of hours.",
        added=f"{SNR_CORRECTION_DB:+g}",
    ),
    say(
        "prediction-blind",
        "It knows of no jamming, other stations or long path: what ranks first here need not be heard best.",
    ),
)
_FIRST_UTC_HOUR = 3
"""Of the night, which goes from noon to noon in Seoul."""

_CIRCUIT: dict[str, Any] = {
    "site_id": 2,
    "site": "TSH",
    "from_lat": 25.2,
    "from_lon": 121.4,
    "to_lat": 39.0,
    "to_lon": 125.8,
    "distance_km": 1583,
    "power_kw": 250,
    "gain_dbi": 0,
}
_SIGNAL: dict[str, Any] = {"khz": 5900, "rank": 1, "band": "excellent", "days_in_ten": 9}
_FREQUENCY: dict[str, Any] = {
    "khz": 5900,
    "rank": 1,
    "worst_band": "good",
    "best_band": "excellent",
    "days_in_ten": 9,
    "in_band": True,
}
_HOUR: dict[str, Any] = {
    "hour_utc": 20,
    "hour_kst": 5,
    "is_in_slot": True,
    "muf_khz": 8100,
    "signals": [_SIGNAL],
}
_JOB: dict[str, Any] = {"id": 31, "state": "running", "fraction": 0.4, "problem": None}


class JobOut(Answer):
    """What a worker is at: ask again until it is done."""

    model_config = Answer.model_config | example(**_JOB)

    id: int
    state: Literal["queued", "running", "done", "failed"]
    fraction: Annotated[float | None, Field(description="From 0 to 1; null where it has failed")]
    problem: Annotated[
        dict[str, Any] | None,
        Field(description="Why it failed; asked for again ten minutes later, it is tried again"),
    ]


class CircuitOut(Answer):
    model_config = Answer.model_config | example(**_CIRCUIT)

    site_id: int
    site: str
    from_lat: float
    from_lon: float
    to_lat: float
    to_lon: float
    distance_km: int
    power_kw: float
    gain_dbi: Annotated[float, Field(description="The aerial's, towards the target")]

    @classmethod
    def of(cls, site: Site, asked: Question) -> Self:
        circuit = asked.circuit
        return cls(
            site_id=site.id or 0,
            site=site.code,
            from_lat=circuit.from_lat,
            from_lon=circuit.from_lon,
            to_lat=circuit.to_lat,
            to_lon=circuit.to_lon,
            distance_km=round(circuit.distance_km),
            power_kw=circuit.power_kw,
            gain_dbi=circuit.gain_dbi,
        )


class SignalOut(Answer):
    model_config = Answer.model_config | example(**_SIGNAL)

    khz: int
    rank: Annotated[int, Field(description="1 is the best of this hour")]
    band: BandName
    days_in_ten: Annotated[int, Field(description="On how many days of ten, at least, the signal is enough")]


class HourOut(Answer):
    """A UTC hour with the half hours on both sides of it."""

    model_config = Answer.model_config | example(**_HOUR)

    hour_utc: int
    hour_kst: int
    is_in_slot: bool
    muf_khz: Annotated[
        int, Field(description="The highest frequency that the path carries on half of the days")
    ]
    signals: Annotated[list[SignalOut], Field(description="The best first")]

    @classmethod
    def of(cls, one: HourSignals, slot_hours: Sequence[int]) -> Self:
        return cls(
            hour_utc=one.hour,
            hour_kst=(one.hour + 9) % 24,
            is_in_slot=one.hour in slot_hours,
            muf_khz=one.muf_khz,
            signals=[
                SignalOut(
                    khz=int(signal.khz),
                    rank=rank,
                    band=band_name(signal.band),
                    days_in_ten=_tenths(signal.reliability_percent),
                )
                for rank, signal in enumerate(one.ranked(), 1)
            ],
        )


class FrequencyOut(Answer):
    """A frequency over the slot's hours."""

    model_config = Answer.model_config | example(**_FREQUENCY)

    khz: int
    rank: Annotated[int, Field(description="By the worst hour, then by the average of the slot's hours")]
    worst_band: BandName
    best_band: BandName
    days_in_ten: Annotated[int, Field(description="On the average of the slot's hours")]
    in_band: Annotated[bool, Field(description="Whether it lies in a broadcasting band")]

    @classmethod
    def of(cls, khz: float, rank: int, signals: Sequence[Signal]) -> Self:
        bands = [one.band for one in signals]
        return cls(
            khz=int(khz),
            rank=rank,
            worst_band=band_name(min(bands)),
            best_band=band_name(max(bands)),
            days_in_ten=_tenths(_mean(signals)),
            in_band=in_band(khz),
        )


class PropagationOut(Answer):
    """Status 202 and `job` while something is missing; 200 once all is there."""

    model_config = Answer.model_config | example(
        slot_id=7,
        month="2026-12",
        sunspots=100,
        circuit=_CIRCUIT,
        frequencies=[_FREQUENCY],
        missing_khz=[],
        hours=[_HOUR],
        job=None,
        notes=[one.written() for one in NOTES],
    )

    slot_id: int
    month: str
    sunspots: Annotated[int, Field(description="The smoothed number that was used")]
    circuit: CircuitOut
    frequencies: Annotated[list[FrequencyOut], Field(description="Over the slot's hours, the best first")]
    missing_khz: Annotated[list[int], Field(description="Not computed yet")]
    hours: Annotated[list[HourOut], Field(description="The night, from noon to noon in Seoul")]
    job: JobOut | None
    notes: Annotated[list[SaidOut], Field(description="What to keep in mind when reading it")]

    @classmethod
    def of(
        cls, slot_id: int, month: date, site: Site, asked: Question, slot_hours: Sequence[int], found: Found
    ) -> Self:
        hours = hours_of(asked, found.known)
        night = sorted(hours, key=lambda one: (one.hour - _FIRST_UTC_HOUR) % 24)
        return cls(
            slot_id=slot_id,
            month=f"{month:%Y-%m}",
            sunspots=round(asked.sunspots),
            circuit=CircuitOut.of(site, asked),
            frequencies=_ranked(hours, slot_hours),
            missing_khz=missing(asked, found.known),
            hours=[HourOut.of(one, slot_hours) for one in night],
            job=job_out(found.progress),
            notes=[SaidOut(**one.written()) for one in notes_on(asked)],
        )


def job_out(progress: Progress | None) -> JobOut | None:
    return None if progress is None else JobOut.model_validate(progress)


def notes_on(asked: Question) -> list[Said]:
    """What to keep in mind of this prediction."""
    notes = list(NOTES)
    if not asked.circuit.gain_dbi:
        notes.append(
            say(
                "prediction-gain",
                "No aerial gain is counted: a curtain aimed at the target lifts every frequency (ask with gain_dbi).",
            )
        )
    if not asked.circuit.is_within_model:
        notes.append(
            say(
                "prediction-long",
                "The path is {km} km long: beyond {reach_km} km the model guesses.",
                km=round(asked.circuit.distance_km),
                reach_km=round(MODEL_REACH_KM),
            )
        )
    return notes


def band_name(of: Band) -> BandName:
    names: tuple[BandName, ...] = ("none", "very_poor", "poor", "fair", "good", "excellent")
    return names[of]


def _ranked(hours: Sequence[HourSignals], slot_hours: Sequence[int]) -> list[FrequencyOut]:
    """By the band in the slot's worst hour, then by its average: the order that advice follows too."""
    signals: dict[float, list[Signal]] = {}
    for hour in hours:
        if hour.hour in slot_hours:
            for one in hour.signals:
                signals.setdefault(one.khz, []).append(one)
    best_first = sorted(
        signals.items(), key=lambda item: (-min(one.band for one in item[1]), -_mean(item[1]), item[0])
    )
    return [FrequencyOut.of(khz, rank, found) for rank, (khz, found) in enumerate(best_first, 1)]


def _mean(signals: Sequence[Signal]) -> float:
    return sum(one.reliability_percent for one in signals) / len(signals)


def _tenths(percent: float) -> int:
    """Cut off, so that it agrees with the bands: nine days and more are excellent."""
    return int(percent // 10)
