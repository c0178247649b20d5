"""EiBi's target areas around Korea as CIRAF quadrants.

EiBi names a country (ITU's code) or a region in words; it says nothing of zones. The quadrants are those in which ITU's test
points for broadcasting (the 911 points of `ciraf_911_testpoints_voacap.txt`, as shipped with VOACAP) lie in the country or
beside it. Only areas that can share a quadrant with a broadcast to Korea, and their neighbours, are here: others stay
unknown rather than wrong.
"""

from __future__ import annotations

from schedules.frequencies.zones import quadrants

_ZONES_OF_TARGET = {
    "KRE": "44NE",
    # 45NW's test point at 35N 128E is in Korea, though the zone is Japan's.
    "KOR": "44NE,45NW",
    "J": "45",
    "TWN": "44SE",
    "HKG": "44SW",
    "MNG": "32S,33SW",
    # Points in Xinjiang and Tibet (42), in the west (43), the east (44), and in the north-east (33S: 46N 123E, 46N 118E).
    "CHN": "33S,42,43,44",
    # "Far East" is said of programmes for China, Korea, Japan and Taiwan.
    "FE": "43,44,45",
    # "Asia" without more: from Pakistan to Japan.
    "As": "32S,33S,41,42,43,44,45,49,50,54",
    "SEA": "49,50,54",
    "PHL": "50",
}
_QUADRANTS = {target: quadrants(zones) for target, zones in _ZONES_OF_TARGET.items()}


def target_zones(target: str) -> frozenset[str]:
    """The quadrants of EiBi's target code, empty where it is not known here."""
    return _QUADRANTS.get(target, frozenset())
