"""What one airing needs to go on the air, as plain values: the only thing that the air process ever reads of it.

An armed file is complete: with it, the artefacts that it names and a network, an airing plays to its end whatever
else has failed. Positions are samples at 48 kHz after the airing's beginning.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from audio.profile import Encoding

SCHEMA = 2

Level = Literal["programme", "standby", "evergreen", "interval_signal", "studio"]

CHAIN: tuple[Level, ...] = ("programme", "standby", "evergreen", "interval_signal")
"""What goes out when what is before it cannot. The last one is held in memory."""

STEPS: tuple[Level, ...] = ("studio", *CHAIN)
"""The chain with what stands above it while somebody has taken over: for a studio that does not come in time the programme
goes on.
"""


@dataclass(frozen=True, slots=True)
class ArmedFile:
    """An artefact, by where it lies and what it must be."""

    path: Path
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Sound:
    """Everything that may have to go out in one form: what it is called, what it is, and the chain under it."""

    recipe: str
    encoding: Encoding
    frames: int
    """How many frames the airing has, whatever they are of."""
    programme: ArmedFile | None
    """None while there is none yet: what is next in the chain goes out."""
    stand_ins: dict[Level, ArmedFile]
    """Of the rest of the chain, what there is. Each begins at its own beginning and repeats."""


@dataclass(frozen=True, slots=True)
class Title:
    """What the programme is called from a sample on, for feeds that ask for titles."""

    from_sample: int
    text: str


@dataclass(frozen=True, slots=True)
class Output:
    """One feed that takes the airing live."""

    feed_id: int
    protocol: str
    address: str
    recipe: str
    credential: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    preroll_s: float = 10.0
    """So long before the beginning it is connected, and hears the interval signal."""
    lead_ms: float = 0.0
    """So much earlier than due everything is sent, because the endpoint itself is that late."""
    confined_to: Path | None = None
    titles: tuple[Title, ...] = ()
    """In order of their samples; none unless the feed asks for them."""


@dataclass(frozen=True, slots=True)
class Turn:
    """From which sample on which step of the chain goes out, because somebody or something said so."""

    from_sample: int
    level: Level
    takeover: str | None = None
    """Whose it is: of a studio its takeover, or of what goes on after it the same."""
    zero_sample: int = 0
    """Of a studio: when frame 0 of its files is due."""
    files: dict[str, Path] = field(default_factory=dict)
    """Of a studio: the file of frames in each recipe, which grows while it is heard."""


@dataclass(frozen=True, slots=True)
class Armed:
    """One airing, armed for the ``serial``-th time."""

    airing_id: int
    serial: int
    version: int
    """Of its rundown; 0 before there is one."""
    starts_at: datetime
    stops_at: datetime
    files: tuple[ArmedFile, ...] = ()
    """Of an airing without live outputs: what was made of it, for the record."""
    sounds: tuple[Sound, ...] = ()
    outputs: tuple[Output, ...] = ()
    turns: tuple[Turn, ...] = ()
    """In order of their samples; before the first one it is the programme."""
    schema: int = SCHEMA

    @property
    def name(self) -> str:
        return f"{self.airing_id}-{self.serial}"

    def sound(self, recipe: str) -> Sound:
        return next(one for one in self.sounds if one.recipe == recipe)

    @property
    def studio(self) -> Turn | None:
        """The last takeover: one before it is over."""
        return next((turn for turn in reversed(self.turns) if turn.level == "studio"), None)


class BadArmedFile(Exception):
    """An armed file that this air process cannot read."""


_ARMED = TypeAdapter(Armed)


def dump_armed(armed: Armed) -> bytes:
    """The text of an armed file."""
    return _ARMED.dump_json(armed, indent=1)


def read_armed(path: Path) -> Armed:
    """Read what the engine left.

    Raises:
        BadArmedFile: another schema, or not such a file at all.
        OSError: it cannot be read, or is gone.
    """
    body = path.read_bytes()
    try:
        armed = _ARMED.validate_json(body)
    except ValidationError as error:
        wrong = error.errors()[0]
        where = ".".join(map(str, wrong["loc"]))
        raise BadArmedFile(f"{path.name} is not an armed airing: {where}: {wrong['msg']}") from None
    if armed.schema != SCHEMA:
        raise BadArmedFile(f"{path.name} has schema {armed.schema}, this air process reads {SCHEMA}")
    if armed.starts_at.tzinfo is None or armed.stops_at.tzinfo is None:
        raise BadArmedFile(f"{path.name} has an instant without a time zone")
    if any("interval_signal" not in one.stand_ins for one in armed.sounds):
        raise BadArmedFile(f"{path.name} has a sound whose chain ends in nothing")
    known = {sound.recipe for sound in armed.sounds}
    if any(one.recipe not in known for one in armed.outputs):
        raise BadArmedFile(f"{path.name} has an output without a sound")
    return armed
