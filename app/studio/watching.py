"""What has become of a takeover, as it is armed: read from the air process's folder, so that no database is needed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.air.armed import Armed, BadArmedFile, read_armed
from app.settings import Settings


@dataclass(frozen=True, slots=True)
class OnAir:
    """A takeover's place: from which sample of the airing to which it is heard."""

    start: int
    end: int


class ArmedWatch:
    """Looks at one airing's armed file again and again."""

    def __init__(self, settings: Settings, airing_id: int, name: str, end: int) -> None:
        self._folder = settings.armed_dir
        self._airing_id = airing_id
        self._name = name
        self._end = end
        self._seen: tuple[str, int] | None = None
        self._armed: Armed | None = None

    def look(self) -> OnAir | None:
        """Where the takeover is planned to be heard; None where it is not planned, or not any more."""
        newest = max(self._folder.glob(f"{self._airing_id}-*.json"), key=_serial, default=None)
        if newest is None:
            return None
        try:
            seen = (newest.name, newest.stat().st_mtime_ns)
            if seen != self._seen:
                self._armed, self._seen = read_armed(newest), seen
        except (OSError, BadArmedFile):  # gone between two looks: it is armed anew
            pass
        return place_of(self._armed, self._name, self._end) if self._armed else None


def place_of(armed: Armed, name: str, end: int) -> OnAir | None:
    """Where a takeover is heard in an airing that ends at a sample."""
    turns = list(armed.turns)
    for number, turn in enumerate(turns):
        if turn.level == "studio" and turn.takeover == name:
            return OnAir(turn.from_sample, turns[number + 1].from_sample if number + 1 < len(turns) else end)
    return None


def _serial(path: Path) -> int:
    number = path.stem.partition("-")[2]
    return int(number) if number.isdecimal() else -1
