"""What the engine may be told to do. `plan` says which of these are due; `app.engine.actions` carries them out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from schedules.snapshot import Cause, Readiness


@dataclass(frozen=True, slots=True)
class Materialise:
    """Make the airings that start before ``until``, and let those there are follow their slots."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Compile:
    """Start the compile of the next version, beginning at ``level`` of the chain."""

    airing_id: int
    level: str
    cause: Cause
    intent_id: int | None = None


@dataclass(frozen=True, slots=True)
class TakeRundown:
    """A compile has ended: store its rundown as the next version."""

    airing_id: int
    job_id: int


@dataclass(frozen=True, slots=True)
class Render:
    """Render a version for one recipe: for the first time, or again after a failure."""

    airing_id: int
    version: int
    recipe: str


@dataclass(frozen=True, slots=True)
class TakeArtefact:
    """A render has ended: store its artefact."""

    airing_id: int
    version: int
    recipe: str
    job_id: int


@dataclass(frozen=True, slots=True)
class HandOver:
    """Make the handoff of a rendered version to a feed; older ones that have not arrived are superseded."""

    airing_id: int
    version: int
    feed_id: int


@dataclass(frozen=True, slots=True)
class Amend:
    """Give a handoff the encoding and the name that its feed wants now, and begin it anew."""

    handoff_id: int


@dataclass(frozen=True, slots=True)
class Send:
    """Deliver (or, after a crash, look first whether it is already there)."""

    handoff_id: int


@dataclass(frozen=True, slots=True)
class Recheck:
    """Look once more, before air, whether what was verified is still there."""

    handoff_id: int


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The site takes nothing any more."""

    handoff_id: int


@dataclass(frozen=True, slots=True)
class Supersede:
    """A newer version lies at the feed: this one is history."""

    handoff_id: int


@dataclass(frozen=True, slots=True)
class Arm:
    """Put the newest version into the air process's folder."""

    airing_id: int
    version: int


@dataclass(frozen=True, slots=True)
class ArmLive:
    """Arm an airing that goes out live with what there is now; ``digest`` says what that is."""

    airing_id: int
    digest: str


@dataclass(frozen=True, slots=True)
class TakeTurn:
    """What goes out live is to be another step of the chain: at once, or back to the programme at its next join.

    Without an intent nobody has asked for it: something wrong was heard on the air.
    """

    airing_id: int
    level: str
    intent_id: int | None = None


@dataclass(frozen=True, slots=True)
class TakeOver:
    """A studio is ready: it is to be heard from a join on, until the next hard time."""

    airing_id: int
    intent_id: int


@dataclass(frozen=True, slots=True)
class GiveBack:
    """A studio is gone: what it was to be heard for is the programme's again."""

    airing_id: int
    intent_id: int


@dataclass(frozen=True, slots=True)
class SetState:
    """Change an airing's state: rendered, on_air."""

    airing_id: int
    state: str


@dataclass(frozen=True, slots=True)
class SetReadiness:
    """Change what people see at a glance."""

    airing_id: int
    readiness: Readiness


@dataclass(frozen=True, slots=True)
class Close:
    """The slot is over: write the as-run record; done where something was delivered, else missed."""

    airing_id: int


@dataclass(frozen=True, slots=True)
class Cancel:
    """A person called the airing off."""

    airing_id: int
    intent_id: int


@dataclass(frozen=True, slots=True)
class Retry:
    """Another attempt at a failed handoff: a person asks for it, or has mended the feed."""

    handoff_id: int
    intent_id: int | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """Send nothing of a handoff until somebody says so."""

    handoff_id: int
    intent_id: int


@dataclass(frozen=True, slots=True)
class RecordByHand:
    """Write down that a person has brought the file to the site."""

    handoff_id: int
    intent_id: int


@dataclass(frozen=True, slots=True)
class LookInto:
    """List the folder of a feed, as the site sees it."""

    airing_id: int
    feed_id: int


@dataclass(frozen=True, slots=True)
class Refuse:
    """What a person asked for cannot be done any more."""

    intent_id: int
    why: str


@dataclass(frozen=True, slots=True)
class Raise:
    """Raise an alarm about an airing (and a feed)."""

    kind: str
    airing_id: int
    feed_id: int | None = None


@dataclass(frozen=True, slots=True)
class Escalate:
    """Tell an open alarm once more: little time is left. ``step`` counts from 1."""

    kind: str
    airing_id: int
    feed_id: int | None
    step: int


@dataclass(frozen=True, slots=True)
class Clear:
    """The cause of an alarm is gone."""

    kind: str
    airing_id: int
    feed_id: int | None = None


Action = (
    Materialise | Compile | TakeRundown | Render | TakeArtefact | HandOver | Amend | Send | Recheck | GiveUp | Supersede
    | Arm | ArmLive | TakeTurn | TakeOver | GiveBack | SetState | SetReadiness | Close | Cancel | Retry | Hold | RecordByHand | LookInto | Refuse | Raise | Escalate | Clear
)  # fmt: skip
