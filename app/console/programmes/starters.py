"""Clocks to begin with: what most programmes are made of, ready to be changed."""

from __future__ import annotations

from typing import Any

_OPENING: list[dict[str, Any]] = [
    {"type": "interval_signal", "seconds": 15},
    {"type": "pick", "kinds": ["ident"], "order": "least_recently_aired", "required": False},
    {"type": "spoken"},
]

STARTERS: dict[str, list[dict[str, Any]]] = {
    "magazine": [
        *_OPENING,
        {"type": "pick", "kinds": ["news"], "order": "newest", "max_age_days": 2},
        {
            "type": "pick",
            "kinds": ["talk", "testimony"],
            "order": "least_recently_aired",
            "count": 2,
            "required": False,
            "rests": [{"of": "item", "days": 14}],
        },
        {"type": "fill", "kinds": ["music", "filler"]},
    ],
    "news": [
        *_OPENING,
        {"type": "pick", "kinds": ["news"], "order": "newest", "count": 3, "max_age_days": 2},
        {"type": "fill", "kinds": ["music", "filler"]},
    ],
    "serial": [
        *_OPENING,
        {"type": "pick", "kinds": ["drama"], "order": "least_recently_aired"},
        {"type": "fill", "kinds": ["music", "filler"]},
    ],
    "empty": [],
}
"""By the name under which the form offers them."""
