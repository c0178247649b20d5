"""What the air process says of itself in its status file, for the engine and the pages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from app.locks import holder
from app.settings import Settings


@dataclass(frozen=True, slots=True)
class OutputStatus:
    """One live output: ``connecting`` or ``on``, what it sends, and why it is not on."""

    feed_id: int
    airing_id: int
    state: str
    level: str | None
    frame: int
    why: str | None


@dataclass(frozen=True, slots=True)
class AirStatus:
    """The air process as it last was."""

    alive: bool
    at: datetime | None = None
    """When it was renewed, to a few seconds."""
    armed: Mapping[int, int] = field(default_factory=dict)
    """By airing, the serial number of what it has taken on."""
    outputs: tuple[OutputStatus, ...] = ()
    off_since: Mapping[tuple[int, int], datetime] = field(default_factory=dict)
    """By airing and feed: since when an output is seen not to be on. Of an airing without any output it says nothing."""
    standing_in_since: Mapping[tuple[int, int], datetime] = field(default_factory=dict)
    """The same, since when something else than the programme goes out."""

    def output(self, airing_id: int | None, feed_id: int | None) -> OutputStatus | None:
        wanted = (airing_id, feed_id)
        return next((one for one in self.outputs if (one.airing_id, one.feed_id) == wanted), None)


STALE_AFTER = timedelta(seconds=15)

NOBODY = AirStatus(alive=False)


def read_status(settings: Settings) -> AirStatus:
    """The newest status; of a process that is not there, nothing."""
    if holder(settings.run_dir / "air.lock") is None:
        return NOBODY
    try:
        body = json.loads((settings.run_dir / "air.json").read_bytes())
        return AirStatus(
            alive=True,
            at=datetime.fromisoformat(body["at"]) if body.get("at") else None,
            armed={int(airing): int(serial) for airing, serial in body["armed"].items()},
            outputs=tuple(_output(one) for one in body["outputs"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return NOBODY


def _output(one: Mapping[str, Any]) -> OutputStatus:
    return OutputStatus(
        feed_id=int(one["feed"]),
        airing_id=int(one["airing"]),
        state=str(one["state"]),
        level=one["level"],
        frame=int(one["frame"]),
        why=one["why"],
    )


class AirWatch:
    """Looks at the status again and again, and remembers since when something is not as it should be."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._off: dict[tuple[int, int], datetime] = {}
        self._standing_in: dict[tuple[int, int], datetime] = {}
        self._shown: frozenset[tuple[int, int, str, str | None]] = frozenset()

    def changed(self) -> set[int]:
        """The airings of which people see something else than when this was asked last."""
        now = frozenset(
            (one.airing_id, one.feed_id, one.state, one.level) for one in read_status(self._settings).outputs
        )
        before, self._shown = self._shown, now
        return {airing_id for airing_id, *_ in now ^ before}

    def look(self, now: datetime) -> AirStatus:
        """The status as of now. A process that has stopped renewing it is as good as none, whoever holds its lock."""
        seen = read_status(self._settings)
        if seen.at is not None and now - seen.at > STALE_AFTER:
            seen = NOBODY
        off = {(one.airing_id, one.feed_id) for one in seen.outputs if one.state != "on"}
        other = {
            (one.airing_id, one.feed_id)
            for one in seen.outputs
            if one.state == "on" and one.frame > 0 and one.level not in {None, "programme", "studio"}
        }
        self._off = {key: self._off.get(key, now) for key in off}
        self._standing_in = {key: self._standing_in.get(key, now) for key in other}
        return replace(seen, off_since=self._off, standing_in_since=self._standing_in)
