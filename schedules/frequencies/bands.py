"""Shortwave frequencies: what can be a broadcast at all, and which bands are set aside for it."""

from __future__ import annotations

from schedules.said import Said, say

LOWEST_KHZ, HIGHEST_KHZ = 2_000, 30_000
"""Nothing outside is shortwave: such a number is a typing error."""

BANDS: tuple[tuple[int, int], ...] = (
    # Tropical bands and the high-frequency broadcasting bands, ITU Radio Regulations, Article 5.
    (2_300, 2_495),
    (3_200, 3_400),
    (3_900, 4_000),
    (4_750, 5_060),
    (5_900, 6_200),
    (7_200, 7_450),
    (9_400, 9_900),
    (11_600, 12_100),
    (13_570, 13_870),
    (15_100, 15_800),
    (17_480, 17_900),
    (18_900, 19_020),
    (21_450, 21_850),
    (25_670, 26_100),
)
"""The lowest and the highest kHz of each, upwards."""


def in_band(khz: float) -> bool:
    """Whether a frequency, by its carrier, lies in a band that is set aside for broadcasting."""
    return any(low <= khz <= high for low, high in BANDS)


def notes_on(khz: float) -> list[Said]:
    """What a frequency manager should know of a frequency.

    Out of band is a note, never an error: many relays to Korea are (289 lines of a real season of 3,305).
    """
    if in_band(khz):
        return []
    told = "{khz} kHz lies outside the broadcasting bands: the site's administration must allow it"
    return [say("out-of-band", told, khz=f"{khz:.9g}")]
