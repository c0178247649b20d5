"""How well a frequency is expected to reach the listener: by circuit, month, sunspots, hour.

The arithmetic is dvoacap's, a port of VOACAP's short-path model. What it says is a month's statistics of a path, not tonight's
weather: ranks and bands of ten days in a month mean something, single decibels do not. Its ranking of frequencies
agrees with the original in 98.6 % of hours. Nothing here knows of jamming or of other stations.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from schedules.errors import BadCircuit

if TYPE_CHECKING:
    from dvoacap.prediction_engine import PredictionEngine

SNR_CORRECTION_DB = 5.5
"""Added to every SNR: against the original VOACAP, dvoacap 1.0.2 was measured about 5.7 dB low."""

REQUIRED_SNR_DBHZ = 73.0
"""What a listener needs, in dB over the noise in 1 Hz: dvoacap's default. voacap.com calls 67 reasonable listening in AM; jamming and
simple sets ask for more."""

SUNSPOT_SCALE = 0.7
"""From sunspot numbers as published since July 2015 to the older ones, which the model's ionospheric maps were made from.

SILSO's version 2.0 counts about 45 % more spots than version 1.0 did, so that 1 / 1.45.
"""

MODEL_REACH_KM = 7000.0
"""Beyond it VOACAP would use its long-path model, which dvoacap has not got: such predictions are guesses."""

LOWEST_KHZ, HIGHEST_KHZ = 2000.0, 30000.0
EVERY_HOUR = tuple(range(24))

_EDITION = 1
"""Raised when the same question gets another answer from this module, so that nothing old is taken from a cache."""

_EARTH_RADIUS_KM = 6370.0


class Band(IntEnum):
    """On how many days of the month the listener gets what he needs, at that hour."""

    NONE = 0
    VERY_POOR = 1
    POOR = 2
    FAIR = 3
    GOOD = 4
    EXCELLENT = 5


_LEAST_PERCENT = (10, 30, 50, 70, 90)
"""The least reliability of each band from VERY_POOR on; the last is the 90 % that VOACAP plans circuits for."""


def band(reliability_percent: int) -> Band:
    """The band of a reliability of 0 to 100: 0 below a tenth of the days, 5 from nine tenths on."""
    return Band(sum(reliability_percent >= least for least in _LEAST_PERCENT))


@dataclass(frozen=True, slots=True, kw_only=True)
class Circuit:
    """A transmitter, its aerial, and the place that it is to reach.

    Degrees are north and east, rounded to a tenth (11 km); `gain_dbi` is the aerial's gain towards the target over an isotropic
    one, which is added to the power. Raises BadCircuit.
    """

    from_lat: float
    from_lon: float
    to_lat: float
    to_lon: float
    power_kw: float
    gain_dbi: float = 0.0

    def __post_init__(self) -> None:
        for name, limit in (("from_lat", 90), ("from_lon", 180), ("to_lat", 90), ("to_lon", 180)):
            value = getattr(self, name)
            if not -limit <= value <= limit:
                raise BadCircuit(f'"{name}" is {value:g}: degrees go from -{limit} to {limit}')
        if not 0.05 <= self.power_kw <= 5000:
            raise BadCircuit(f'"power_kw" is {self.power_kw:g}: write kilowatts, from 0.1 to 5000')
        if not -30 <= self.gain_dbi <= 40:
            raise BadCircuit(f'"gain_dbi" is {self.gain_dbi:g}: an aerial has -30 to 40 dBi')
        for name in ("from_lat", "from_lon", "to_lat", "to_lon", "power_kw", "gain_dbi"):
            object.__setattr__(self, name, round(getattr(self, name), 1))

    @property
    def distance_km(self) -> float:
        """Along the shorter great circle."""
        one, other = math.radians(self.from_lat), math.radians(self.to_lat)
        between = math.radians(self.to_lon - self.from_lon)
        # Haversine: the cosine rule is inexact for neighbours
        half = math.sin((other - one) / 2) ** 2 + math.cos(one) * math.cos(other) * math.sin(between / 2) ** 2
        return 2 * _EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(half)))

    @property
    def is_within_model(self) -> bool:
        return self.distance_km <= MODEL_REACH_KM

    @property
    def radiated_w(self) -> float:
        """Watts that an isotropic aerial would need."""
        return float(self.power_kw * 1000 * 10 ** (self.gain_dbi / 10))


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is to be predicted: a circuit in one month, at UTC hours and frequencies.

    `sunspots` is the smoothed sunspot number on today's scale, rounded to a whole number (see `sunspots.py`). An hour is
    the half hours on both sides of it, as in VOACAP. Frequencies are rounded to whole kHz; both are sorted and named
    once, so that the same question has the same `key`. Raises BadCircuit.
    """

    circuit: Circuit
    month: int
    sunspots: float
    khz: tuple[float, ...]
    hours: tuple[int, ...] = EVERY_HOUR

    def __post_init__(self) -> None:
        if not 1 <= self.month <= 12:
            raise BadCircuit(f"month {self.month} does not exist: 1 to 12")
        if not 0 <= self.sunspots <= 400:
            raise BadCircuit(f"a smoothed sunspot number of {self.sunspots:g} is not possible: 0 to 400")
        for khz in self.khz:
            if not LOWEST_KHZ <= khz <= HIGHEST_KHZ:
                raise BadCircuit(
                    f"{khz:g} kHz cannot be predicted: the model knows {LOWEST_KHZ:g} to {HIGHEST_KHZ:g} kHz"
                )
        for hour in self.hours:
            if hour not in EVERY_HOUR:
                raise BadCircuit(f"{hour} is not an hour of the day: 0 to 23 UTC")
        object.__setattr__(self, "sunspots", float(round(self.sunspots)))
        object.__setattr__(self, "khz", tuple(sorted({float(round(khz)) for khz in self.khz})))
        object.__setattr__(self, "hours", tuple(sorted(set(self.hours))))

    @property
    def key(self) -> str:
        """64 hexadecimal digits, the same for the same answer: of all inputs, this module's edition and dvoacap's version."""
        circuit = self.circuit
        told = [
            *(circuit.from_lat, circuit.from_lon, circuit.to_lat, circuit.to_lon),
            *(circuit.power_kw, circuit.gain_dbi, self.month, self.sunspots, self.khz, self.hours),
            *(_EDITION, version("dvoacap")),
        ]
        # Adding 0.0 makes a zero of a negative zero
        plain = [value + 0.0 if isinstance(value, float) else value for value in told]
        return hashlib.sha256(json.dumps(plain).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Signal:
    """What is expected of one frequency at one hour.

    `snr_db` is the month's median in dB-Hz, corrected, never below 0 (a listener needs 73); `reliability_percent` the share
    of the month's days on which the need is met.
    """

    khz: float
    snr_db: int
    reliability_percent: int

    @property
    def band(self) -> Band:
        return band(self.reliability_percent)


@dataclass(frozen=True, slots=True)
class HourSignals:
    """One UTC hour: the signals in order of frequency, and the circuit's median MUF to the next 100 kHz."""

    hour: int
    muf_khz: int
    signals: tuple[Signal, ...]

    def ranked(self) -> tuple[Signal, ...]:
        """The best first: by reliability, then by SNR, then the lower frequency."""
        return tuple(sorted(self.signals, key=lambda one: (-one.reliability_percent, -one.snr_db, one.khz)))


def predict(question: Question) -> Iterator[HourSignals]:
    """Hour by hour, `len(question.hours)` of them, so that the caller can show progress and stop whenever it likes.

    Each call has an engine of its own: they hold state, and one must never be shared between threads.
    """
    from dvoacap.path_geometry import GeoPoint
    from dvoacap.prediction_engine import PredictionEngine

    engine = PredictionEngine()
    circuit, params = question.circuit, engine.params
    params.ssn = question.sunspots * SUNSPOT_SCALE
    params.month = question.month
    params.tx_power = circuit.radiated_w
    # A need that is so much lower is a signal that is so much stronger, for the choice among the path's modes as well
    params.required_snr = REQUIRED_SNR_DBHZ - SNR_CORRECTION_DB
    params.tx_location = GeoPoint.from_degrees(circuit.from_lat, circuit.from_lon)
    target = GeoPoint.from_degrees(circuit.to_lat, circuit.to_lon)
    if not question.khz:
        return
    for hour in question.hours:
        engine.predict(target, hour / 24, [khz / 1000 for khz in question.khz])
        yield _hour_signals(hour, question.khz, engine)


def slot_hours(start_minute: int, stop_minute: int) -> tuple[int, ...]:
    """The UTC hours to ask for of a slot, in its order: 20:00 to 21:00 is 20 and 21, 20:30 to 21:30 is 21 only.

    Minutes count from 00:00 UTC of the start day; a stop that is not after the start is on the next day.
    """
    minutes = (stop_minute - start_minute - 1) % 1440 + 1
    first, last = (start_minute + 30) // 60, (start_minute + minutes + 29) // 60
    return tuple(hour % 24 for hour in range(first, min(last, first + 23) + 1))


def _hour_signals(hour: int, khz: Sequence[float], engine: PredictionEngine) -> HourSignals:
    signals = tuple(
        _signal(frequency, prediction.signal)
        for frequency, prediction in zip(khz, engine.predictions, strict=True)
    )
    return HourSignals(hour, round(float(engine.circuit_muf.muf) * 10) * 100, signals)


def _signal(khz: float, found: Any) -> Signal:
    # Where no mode reaches the target dvoacap leaves all at zero; where one hardly does, there are hundreds of dB missing
    reached = float(found.reliability) > 0
    snr = max(0, round(float(found.snr_db) + SNR_CORRECTION_DB)) if reached else 0
    return Signal(khz, snr, round(float(found.reliability) * 100))
