"""Which frequencies are asked about: those that are named, and any in the bands at coarse steps."""

from __future__ import annotations

from schedules.frequencies.bands import BANDS

COARSE_KHZ = 50
"""Frequencies 25 kHz apart fell into the same band of reliability in 164 of 168 hours that were tried (December,
Tamsui to Pyongyang, seven bands): the model need not be asked more often."""


def coarse(khz: float) -> int:
    """The point that stands for a frequency, at most 25 kHz away."""
    return round(khz / COARSE_KHZ) * COARSE_KHZ


def points_of_bands() -> list[int]:
    """The points inside the broadcasting bands, in kHz."""
    return [
        khz for low, high in BANDS for khz in range(-(-low // COARSE_KHZ) * COARSE_KHZ, high + 1, COARSE_KHZ)
    ]
