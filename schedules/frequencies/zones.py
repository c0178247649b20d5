"""CIRAF zones: the target areas of shortwave broadcasting, by number and quadrant (ITU Resolution 535; HFCC's column CIRAF).

Inside, an area is a set of quadrants, each as "44NE", so that two areas overlap exactly where their sets do. Polar and ocean
zones that ITU does not divide are four quadrants as well: "75" still overlaps "75" only.
"""

from __future__ import annotations

import re
from itertools import combinations

from schedules.errors import BadZones
from schedules.said import say

LAST_ZONE = 85

# In order of length, whole zones first: the shortest text for a set is the first that covers it.
_PARTS: dict[str, frozenset[str]] = {
    "": frozenset({"NE", "NW", "SE", "SW"}),
    "N": frozenset({"NE", "NW"}),
    "S": frozenset({"SE", "SW"}),
    "E": frozenset({"NE", "SE"}),
    "W": frozenset({"NW", "SW"}),
    "NE": frozenset({"NE"}),
    "NW": frozenset({"NW"}),
    "SE": frozenset({"SE"}),
    "SW": frozenset({"SW"}),
}
_ZONE = re.compile(r"([0-9]{1,2})([A-Z]*)")


def quadrants(text: str) -> frozenset[str]:
    """The quadrants of "41,43,44NE": of "44" all four, of "44N" two. Raises BadZones.

    Zones are separated by commas or blanks; "8NE" and "08NE" are the same.
    """
    zones = re.findall(r"[^,\s]+", text.upper())
    if not zones:
        raise BadZones(
            say(
                "unread-no-zones",
                "no zone is named: write CIRAF zones and quadrants such as 44NE or 41,43,44N",
            )
        )
    return frozenset(quadrant for zone in zones for quadrant in _quadrants_of(zone))


def zones_text(zones: frozenset[str]) -> str:
    """The shortest text that `quadrants` reads back, zones in order: "41,43,44NE". Three quadrants are two halves: "44N,44E".

    Raises BadZones for what is not a quadrant; no quadrant at all is "".
    """
    present: dict[int, set[str]] = {}
    for zone in zones:
        if quadrants(zone) != {zone}:
            raise BadZones(
                say(
                    "unread-quadrant",
                    '"{zone}" is not a quadrant: write a zone with NE, NW, SE or SW, such as 44NE',
                    zone=zone,
                )
            )
        present.setdefault(int(zone[:-2]), set()).add(zone[-2:])
    return ",".join(f"{number}{part}" for number in sorted(present) for part in _shortest(present[number]))


def _quadrants_of(zone: str) -> list[str]:
    match = _ZONE.fullmatch(zone)
    if match is None:
        raise BadZones(
            say(
                "unread-zone",
                '"{zone}" is not a zone: write its number and perhaps a quadrant, such as 44, 44N or 44NE',
                zone=zone,
            )
        )
    number, part = int(match[1]), match[2]
    if not 1 <= number <= LAST_ZONE:
        raise BadZones(
            say(
                "unread-zone-number",
                '"{zone}" is not a zone: CIRAF zones go from 1 to {last}',
                zone=zone,
                last=LAST_ZONE,
            )
        )
    if part not in _PARTS:
        raise BadZones(
            say(
                "unread-zone-part",
                '"{part}" in "{zone}" is not a part of a zone: write N, S, E, W, NE, NW, SE or SW, or none',
                part=part,
                zone=zone,
            )
        )
    return [f"{number}{quadrant}" for quadrant in _PARTS[part]]


def _shortest(present: set[str]) -> tuple[str, ...]:
    """One or two parts always do: a zone, a half, two halves for three quadrants, and single ones."""
    return next(
        parts
        for size in (1, 2)
        for parts in combinations(_PARTS, size)
        if frozenset().union(*(_PARTS[part] for part in parts)) == present
    )
