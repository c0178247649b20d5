"""Which airings of a night are shown with everything, and which as a line that unfolds."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from app.console.tonight.views import AiringView

AT_ONCE = 4
"""What is on the air, in trouble or next: more would be a wall."""


def unfolded(airings: Sequence[AiringView], asked: Collection[str]) -> frozenset[int]:
    """Those that somebody asked for, and the first few of those that somebody can still do something about."""
    coming = sorted(
        (airing for airing in airings if airing.is_open),
        key=lambda one: (one.state != "on_air" and not one.is_live, not one.in_trouble, one.starts_at),
    )
    first = {airing.id for airing in coming[:AT_ONCE]}
    return frozenset(first | {airing.id for airing in airings if str(airing.id) in asked})
