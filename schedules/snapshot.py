"""What is open, as plain values: everything that decides what happens next to an airing, at one instant.

`app` reads it out of the database; `plan` looks at nothing else. Times are aware UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

Readiness = Literal["ok", "at_risk", "failed"]

Cause = Literal["resting", "first", "requested", "withdrawn", "reworded", "renewed", "failed", "recovered"]
"""Why a version was compiled. ``resting``: so that a fixed name does not keep the programme of the airing before until
this one's is made. ``reworded``: an announcement says something else now. ``renewed``: something
awaited has come, or an item was cut anew. ``failed``: it stands in for one that could not be made; ``recovered``: now that can.
"""

CHAIN = ("programme", "standby", "evergreen", "interval_signal")
"""What airs when the step before it cannot. The last one is synthesised and always can."""

CLOSED = frozenset({"done", "missed", "cancelled"})
"""States of an airing that is over."""

DELIVERED = frozenset({"stored", "verified", "manual"})
"""States of a handoff whose file the site has."""


@dataclass(frozen=True, slots=True)
class JobView:
    """A worker's job. ``finished_at`` is set for ``done`` and ``failed``."""

    id: int
    state: str
    finished_at: datetime | None = None
    level: str = CHAIN[0]
    """Where in the chain a compile job begins."""
    cause: Cause = "first"
    asked_at: datetime | None = None
    """When it was asked for first, however often it was begun again since."""
    faltered: bool = False
    """It has failed before, whatever it does now."""

    @property
    def running(self) -> bool:
        return self.state in ("queued", "running")

    @property
    def failing(self) -> bool:
        """Nothing came of it yet but trouble: true from the first failure on, also while it is tried again."""
        return self.state == "failed" or (self.faltered and self.running)


@dataclass(frozen=True, slots=True)
class TargetView:
    """A feed that takes this airing, with its instants and what it wants: the recipe of encoding and profile."""

    feed_id: int
    recipe: str | None
    """None: the feed's row cannot be read. It gets nothing, and its deadlines say so."""
    deliver_at: datetime
    warn_at: datetime
    deadline_at: datetime
    accept_until: datetime
    second_route_of: int | None = None
    """The feed whose second route this is: it has no deadline of its own."""
    always: bool = True
    """A second route: whether it gets everything, or waits for the first one's trouble."""
    can_look: bool = False
    """Whether the folder behind it can be listed."""
    looking: bool = False
    """A task of this engine is just looking into it."""
    looked_at: datetime | None = None
    """When its folder was last looked into for this airing."""
    found_wrong: bool = False
    """Whether something was wrong there."""


@dataclass(frozen=True, slots=True)
class HandoffView:
    """One version on its way to one feed. ``in_flight``: a task of this engine is busy with it."""

    id: int
    feed_id: int
    version: int
    state: str
    next_attempt_at: datetime
    deadline_at: datetime
    accept_until: datetime
    verified_at: datetime | None = None
    rechecked_at: datetime | None = None
    in_flight: bool = False
    withdrawn: bool = False
    """It has arrived, and something in it may no longer air."""
    mended: bool = False
    """It failed, and its feed was changed since."""
    offered: bool = False
    """It is ``stored`` where the site may fetch it, and the site has not: nothing has arrived."""
    fetched: bool = False
    """The log says that the site has now fetched what was offered."""
    held: bool = False
    """Nothing is sent until a person says so."""
    troubled: bool = False
    """It failed, or did so several times in a row."""
    outdated: bool = False
    """Its feed now wants another encoding or profile, or the file under another name."""
    stray: bool = False
    """No line carries the airing from this feed's site any more."""

    @property
    def arrived(self) -> bool:
        """Whether the site has it, as far as we know."""
        return self.state in DELIVERED and not self.offered


@dataclass(frozen=True, slots=True)
class HeardWrong:
    """Something else than what goes out was heard at a feed's other end, twice in a row: ``silent``, ``stuck``, ``wrong``."""

    finding: str
    at: datetime
    """When it was heard for the second time."""
    level: str
    """The step of the chain that went out then."""


@dataclass(frozen=True, slots=True)
class LiveView:
    """A feed that takes this airing live, and how the air process is doing with it."""

    feed_id: int
    warn_at: datetime
    deadline_at: datetime
    opens_at: datetime
    """From when on something is sent: the interval signal at first."""
    off_since: datetime | None = None
    """Nothing goes out there, though it should, since then."""
    standing_in_since: datetime | None = None
    """Something else than what was asked for goes out there, since then."""
    heard_wrong: HeardWrong | None = None
    """What was heard there last, if that was wrong: not cleared by anything better, and not long ago."""
    heard_right_at: datetime | None = None
    """When what goes out was heard there last, if not long ago."""
    unheard: bool = False
    """Our listener finds nothing to hear there, again and again."""


@dataclass(frozen=True, slots=True)
class LiveState:
    """An airing with live feeds, as it should be on the air and as it is."""

    feeds: tuple[LiveView, ...]
    takes_until: datetime
    """Until when a new version can still be heard."""
    last_moment: datetime
    """From then on it is armed with what there is."""
    wanted: str | None
    """Digest of what it should be armed with now; None: it is not to be armed yet."""
    armed: str | None
    """Digest of what it was armed with last."""
    version: int
    """The version that it is armed with; 0 for none, or before there is one."""
    taken_on: bool
    """The air process has what it was armed with last."""
    ended: bool
    """The air process has put the airing's end on the record, and all before it."""
    turns: tuple[str, ...] = ()
    """The steps of the chain that were asked for, in order."""
    turned_at: datetime | None = None
    """From when on the last of them goes out."""
    asked_for: str = CHAIN[0]
    """The one that people want to hear now."""
    stepped: int = 0
    """How many of them were taken since then because something wrong was heard."""


@dataclass(frozen=True, slots=True)
class RundownView:
    """A compiled version and how far its rendering is."""

    version: int
    level: str
    cause: Cause
    compiled_at: datetime
    withdrawn: bool
    """Some item may no longer air (recalled, retired, outside its dates, no longer true), or the slot has another length now."""
    reworded: bool = False
    """An announcement says something else now (then it is withdrawn too, but for nothing else), or can be made at last."""
    unspoken: bool = False
    """It lacks an announcement that could not be made."""
    renewed_from: str | None = None
    """Something awaited has come since, or an item was cut anew: the step of the chain at which to begin again."""
    rendered: frozenset[str] = frozenset()
    """Recipes with an artefact."""
    render_jobs: dict[str, JobView] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AwaitedView:
    """Something that an airing's clock awaits.

    ``here``: a recording has come. ``settled``: one that may air is in the newest version, or will be in the first.
    ``unusable``: that version was compiled with it in mind and could not use it.
    """

    name: str
    due_at: datetime
    cut_off_at: datetime
    """What is not there by now would not be heard, by what the steps before it usually take."""
    here: bool = False
    settled: bool = False
    unusable: bool = False


@dataclass(frozen=True, slots=True)
class IntentView:
    """What a person asked for and nobody has carried out yet."""

    id: int
    kind: str
    handoff_id: int | None = None


@dataclass(frozen=True, slots=True)
class AiringView:
    """An open airing with everything that decides what happens to it next."""

    id: int
    starts_at: datetime
    stops_at: datetime
    compile_at: datetime
    state: str
    readiness: Readiness
    version: int
    armed_version: int
    targets: tuple[TargetView, ...]
    recipes: frozenset[str]
    """What must be rendered: the targets' recipes, or the station's own where no feed takes the airing."""
    rests_from: datetime | None = None
    """From when on a feed with a fixed name holds nothing but the programme of the airing before."""
    rundown: RundownView | None = None
    """The newest version."""
    fallen: RundownView | None = None
    """The version that could not be made, where the newest one stands in for it."""
    compile_job: JobView | None = None
    """The job for version + 1, if there is one."""
    handoffs: tuple[HandoffView, ...] = ()
    intents: tuple[IntentView, ...] = ()
    alarms: frozenset[tuple[str, int | None]] = frozenset()
    """Open alarms about this airing: kind and feed."""
    steps: Mapping[tuple[str, int | None], int] = field(default_factory=dict)
    """Of those, how often each was told again."""
    live: LiveState | None = None
    """Where any feed takes it live."""
    awaited: tuple[AwaitedView, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that is open, as the database had it at one instant."""

    airings: tuple[AiringView, ...]
    materialised_until: datetime | None
    horizon: timedelta
    slots_changed: bool = False
    """Some slot says something else than its airings do."""
