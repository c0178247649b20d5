"""The smoothed sunspot number that a prediction needs, where nobody has a newer forecast at hand.

The table is the curve of the Solar Cycle 25 Prediction Panel as NOAA's Space Weather Prediction Center gave it out in 2023
(`predicted-solar-cycle.json`, `predicted_ssn`; a work of the US government). The cycle rose higher than the panel thought,
but its descent is near what is measured: for December 2026 the table has 99.6, and the World Data Center SILSO forecast
88 and 95, by its two methods, on 1 March 2026. Ten more or less move the best frequency by little: SILSO renews its
forecast of twelve months each month (https://www.sidc.be/SILSO/forecasts), and stations that care enter that.

These numbers are on the scale that sunspots are counted on since July 2015 (SILSO's version 2.0), as is everything published
today. For orientation, on that scale: 0 to 20 is a minimum, 60 to 100 the flanks of a cycle, 115 to 160 the maxima of
the last two cycles.
"""

from __future__ import annotations

_FIRST_YEAR = 2026

# fmt: off
_PREDICTED = (
    112.5, 111.8, 110.9, 110.0, 109.0, 107.9, 106.7, 105.4, 104.1, 102.7, 101.2, 99.6,
    98.0, 96.3, 94.6, 92.8, 91.0, 89.2, 87.3, 85.4, 83.4, 81.5, 79.5, 77.5,
    75.5, 73.5, 71.5, 69.4, 67.4, 65.4, 63.4, 61.5, 59.5, 57.6, 55.6, 53.7,
    51.9, 50.0, 48.2, 46.4, 44.7, 43.0, 41.3, 39.6, 38.0, 36.4, 34.9, 33.4,
    32.0, 30.6, 29.2, 27.9, 26.6, 25.3, 24.1, 23.0, 21.8, 20.8, 19.7, 18.7,
)  # a line is a year, from January to December
# fmt: on


def predicted_sunspots(year: int, month: int) -> float | None:
    """The smoothed sunspot number predicted for a month of 2026 to 2030, or None for any other."""
    number = (year - _FIRST_YEAR) * 12 + month - 1
    return _PREDICTED[number] if 1 <= month <= 12 and 0 <= number < len(_PREDICTED) else None
