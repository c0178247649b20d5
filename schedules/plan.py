"""What is to be done now, for every open airing: the engine's one decision, as a pure function.

``plan(snapshot, now)`` looks at what is there and says what is missing. It keeps no memory: called twice with the
same snapshot it says the same thing, and called after a crash it says what is left to do. Times are aware UTC.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

Readiness = Literal["ok", "at_risk", "failed"]
Cause = Literal["first", "requested", "withdrawn", "failed"]

CHAIN = ("programme", "standby", "evergreen", "interval_signal")
"""What airs when the step before it cannot. The last one is synthesised and always can."""

RETRY = timedelta(seconds=60)
"""When the end of the chain itself fails (a full disk, no ffmpeg), try again this often."""

AHEAD = timedelta(hours=6)
"""Airings are made this much further ahead than asked for, so that a quiet day costs few writes."""

WATCHED = frozenset({"audio_missing", "withdrawn_after_delivery", "deadline_missed", "deadline_near"})
"""Alarms that the plan raises and clears; the others belong to who raises them."""

CLOSED = frozenset({"done", "missed", "cancelled"})
DELIVERED = frozenset({"stored", "verified", "manual"})


@dataclass(frozen=True, slots=True)
class JobView:
    """A worker's job. ``finished_at`` is set for ``done`` and ``failed``."""

    id: int
    state: str
    finished_at: datetime | None = None
    level: str = CHAIN[0]
    """Where in the chain a compile job begins."""

    @property
    def running(self) -> bool:
        return self.state in ("queued", "running")


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


@dataclass(frozen=True, slots=True)
class RundownView:
    """The newest compiled version and how far its rendering is."""

    version: int
    level: str
    withdrawn: bool
    """Some item may no longer air (recalled, retired, outside its dates), or the slot has another length now."""
    rendered: frozenset[str] = frozenset()
    """Recipes with an artefact."""
    render_jobs: dict[str, JobView] = field(default_factory=dict)


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
    rundown: RundownView | None = None
    compile_job: JobView | None = None
    """The job for version + 1, if there is one."""
    handoffs: tuple[HandoffView, ...] = ()
    intents: tuple[IntentView, ...] = ()
    alarms: frozenset[tuple[str, int | None]] = frozenset()
    """Open alarms about this airing: kind and feed."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that is open, as the database had it at one instant."""

    airings: tuple[AiringView, ...]
    materialised_until: datetime | None
    horizon: timedelta
    slots_changed: bool = False
    """Some slot says something else than its airings do."""


# --- what the engine is told to do ---------------------------------------------------------------------------


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
    """Start rendering the newest version for one recipe."""

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
    """A person asks for another attempt at a failed handoff."""

    handoff_id: int
    intent_id: int


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
class Clear:
    """The cause of an alarm is gone."""

    kind: str
    airing_id: int
    feed_id: int | None = None


Action = (
    Materialise | Compile | TakeRundown | Render | TakeArtefact | HandOver | Send | Recheck | GiveUp | Supersede
    | Arm | SetState | SetReadiness | Close | Cancel | Retry | Refuse | Raise | Clear
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do now, and the next instant at which time alone makes something due."""

    actions: tuple[Action, ...]
    next_at: datetime | None


class _Clock:
    """Answers "is it time?" and remembers the earliest no."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.next_at: datetime | None = None

    def reached(self, instant: datetime) -> bool:
        if instant <= self.now:
            return True
        if self.next_at is None or instant < self.next_at:
            self.next_at = instant
        return False


def plan(snapshot: Snapshot, now: datetime) -> Plan:
    """Say what is due at ``now`` and when to ask again at the latest."""
    clock = _Clock(now)
    actions: list[Action] = []
    until = snapshot.materialised_until
    if until is None or clock.reached(until - snapshot.horizon):
        actions.append(Materialise(now + snapshot.horizon + AHEAD))
    elif snapshot.slots_changed:
        actions.append(Materialise(until))
    for airing in sorted(snapshot.airings, key=lambda airing: airing.starts_at):
        actions.extend(_airing(airing, clock))
    return Plan(tuple(actions), clock.next_at)


def _airing(airing: AiringView, clock: _Clock) -> list[Action]:
    if clock.reached(airing.stops_at):
        return [Close(airing.id)]
    cancel = next((intent for intent in airing.intents if intent.kind == "cancel"), None)
    if cancel:
        return [Cancel(airing.id, cancel.id)]
    return [
        *_compile(airing, clock),
        *_render(airing, clock),
        *_hand_over(airing, clock),
        *_send(airing, clock),
        *_air(airing, clock),
        *_watch(airing, clock),
    ]


def _still_worth_it(airing: AiringView, clock: _Clock) -> bool:
    """Whether any site still takes something; without a feed, until the start."""
    return not clock.reached(max([t.accept_until for t in airing.targets], default=airing.starts_at))


def _compile(airing: AiringView, clock: _Clock) -> Iterable[Action]:
    job = airing.compile_job
    if job is not None and job.running:
        return
    if job is not None and job.state == "done":
        yield TakeRundown(airing.id, job.id)
        return
    wishes = [intent for intent in airing.intents if intent.kind in ("compile", "standby")]
    if not _still_worth_it(airing, clock):
        for wish in wishes:
            yield Refuse(wish.id, "no site takes a new version of this airing any more")
    elif job is not None:
        yield from _compile_again(airing, job, clock)
    elif wishes:
        for wish in wishes[:-1]:
            yield Refuse(wish.id, "a newer request took its place")
        level = "standby" if wishes[-1].kind == "standby" else "programme"
        yield Compile(airing.id, level, "requested", wishes[-1].id)
    else:
        yield from _compile_unasked(airing, clock)


def _compile_unasked(airing: AiringView, clock: _Clock) -> Iterable[Action]:
    if airing.rundown is None:
        if clock.reached(airing.compile_at):
            yield Compile(airing.id, "programme", "first")
    elif airing.rundown.withdrawn:
        yield Compile(airing.id, "programme", "withdrawn")
    else:
        yield from _fall_down(airing, airing.rundown, clock)


def _compile_again(airing: AiringView, failed: JobView, clock: _Clock) -> Iterable[Action]:
    """The compile itself broke (it took its worker down, say): go on further down the chain."""
    step = CHAIN.index(failed.level)
    if step + 1 < len(CHAIN):
        yield Compile(airing.id, CHAIN[step + 1], "failed")
    elif clock.reached((failed.finished_at or clock.now) + RETRY):
        yield Compile(airing.id, failed.level, "failed")


def _fall_down(airing: AiringView, rundown: RundownView, clock: _Clock) -> Iterable[Action]:
    """A version that cannot be rendered is followed by one from further down the chain."""
    failed = [job for job in rundown.render_jobs.values() if job.state == "failed"]
    if not failed:
        return
    step = CHAIN.index(rundown.level)
    if step + 1 < len(CHAIN):
        yield Compile(airing.id, CHAIN[step + 1], "failed")
    elif clock.reached(max(job.finished_at or clock.now for job in failed) + RETRY):
        yield Compile(airing.id, rundown.level, "failed")


def _render(airing: AiringView, clock: _Clock) -> Iterable[Action]:
    rundown = airing.rundown
    if rundown is None or airing.compile_job is not None or rundown.withdrawn:
        return
    for recipe in sorted(airing.recipes - rundown.rendered):
        job = rundown.render_jobs.get(recipe)
        if job is None:
            if _still_worth_it(airing, clock):
                yield Render(airing.id, rundown.version, recipe)
        elif job.state == "done":
            yield TakeArtefact(airing.id, rundown.version, recipe, job.id)
    if airing.recipes <= rundown.rendered and airing.state == "compiled":
        yield SetState(airing.id, "rendered")


def _hand_over(airing: AiringView, clock: _Clock) -> Iterable[Action]:
    rundown = airing.rundown
    if rundown is None or rundown.withdrawn:
        return
    known = {(handoff.feed_id, handoff.version) for handoff in airing.handoffs}
    for target in airing.targets:
        if target.recipe not in rundown.rendered or (target.feed_id, rundown.version) in known:
            continue
        if not clock.reached(target.accept_until):
            yield HandOver(airing.id, rundown.version, target.feed_id)


def _send(airing: AiringView, clock: _Clock) -> Iterable[Action]:
    taking = {target.feed_id for target in airing.targets}
    for feed_id in sorted({handoff.feed_id for handoff in airing.handoffs}):
        ours = sorted((one for one in airing.handoffs if one.feed_id == feed_id), key=lambda one: one.version)
        yield from _supersede(ours)
        newest = ours[-1]
        # One at a time: an older version that is still on its way must not arrive after a newer one.
        # A feed that was disabled or taken off the line gets nothing more.
        if feed_id in taking and not any(handoff.in_flight for handoff in ours):
            yield from _send_newest(newest, clock)
    yield from _retries(airing, clock)


def _supersede(ours: list[HandoffView]) -> Iterable[Action]:
    """Of one feed's handoffs, end the older ones. What lies safely at the site stays until something newer does."""
    arrived = max((handoff.version for handoff in ours if handoff.state in DELIVERED), default=0)
    for handoff in ours[:-1]:
        overtaken = handoff.state not in DELIVERED or handoff.version < arrived
        if overtaken and not handoff.in_flight and handoff.state not in ("superseded", "cancelled"):
            yield Supersede(handoff.id)


def _send_newest(handoff: HandoffView, clock: _Clock) -> Iterable[Action]:
    if handoff.state in ("due", "sending"):
        if clock.reached(handoff.accept_until):
            yield GiveUp(handoff.id)
        elif handoff.state == "sending" or clock.reached(handoff.next_attempt_at):
            yield Send(handoff.id)
    elif _recheck_is_due(handoff, clock):
        yield Recheck(handoff.id)


def _retries(airing: AiringView, clock: _Clock) -> Iterable[Action]:
    newest = {one.feed_id: one for one in sorted(airing.handoffs, key=lambda one: one.version)}
    for intent in airing.intents:
        if intent.kind != "retry":
            continue
        handoff = next((one for one in newest.values() if one.id == intent.handoff_id), None)
        if handoff is None:
            yield Refuse(intent.id, "a newer version took its place")
        elif handoff.state != "failed":
            yield Refuse(intent.id, f"it is {handoff.state}: there is nothing to try again")
        elif clock.reached(handoff.accept_until):
            yield Refuse(intent.id, "the site takes nothing for this airing any more")
        else:
            yield Retry(handoff.id, intent.id)


def _recheck_is_due(handoff: HandoffView, clock: _Clock) -> bool:
    """Once, at the deadline, for what was verified before it; again later where the site could not be asked."""
    if handoff.state != "verified" or handoff.rechecked_at is not None or handoff.verified_at is None:
        return False
    if handoff.verified_at >= handoff.deadline_at or clock.reached(handoff.accept_until):
        return False
    return clock.reached(max(handoff.deadline_at, handoff.next_attempt_at))


def _air(airing: AiringView, clock: _Clock) -> Iterable[Action]:
    rundown = airing.rundown
    ready = rundown is not None and airing.recipes <= rundown.rendered
    started = clock.reached(airing.starts_at)
    if rundown and ready and not started and airing.armed_version != rundown.version:
        yield Arm(airing.id, rundown.version)
    delivered = any(handoff.state in DELIVERED for handoff in airing.handoffs)
    if started and delivered and airing.state != "on_air":
        yield SetState(airing.id, "on_air")


def _watch(airing: AiringView, clock: _Clock) -> Iterable[Action]:
    """Alarms and readiness, counted down to each feed's deadline."""
    wanted: set[tuple[str, int | None]] = set()
    readiness: Readiness = "ok"
    if _audio_is_missing(airing):
        wanted.add(("audio_missing", None))
        readiness = "at_risk"
    for target in airing.targets:
        alarms, risk = _watch_target(airing, target, clock)
        wanted |= {(kind, target.feed_id) for kind in alarms}
        readiness = _worse(readiness, risk)
    for kind, feed_id in sorted(wanted - airing.alarms, key=str):
        yield Raise(kind, airing.id, feed_id)
    for kind, feed_id in sorted(airing.alarms - wanted, key=str):
        if kind in WATCHED:
            yield Clear(kind, airing.id, feed_id)
    if readiness != airing.readiness:
        yield SetReadiness(airing.id, readiness)


def _audio_is_missing(airing: AiringView) -> bool:
    """Something other than the programme will air, or nobody takes it, or the compile broke.

    A compile that is merely late shows in the deadlines of the feeds.
    """
    if airing.rundown is None:
        return airing.compile_job is not None and airing.compile_job.state == "failed"
    return airing.rundown.level != CHAIN[0] or not airing.targets


def _watch_target(airing: AiringView, target: TargetView, clock: _Clock) -> tuple[set[str], Readiness]:
    rundown = airing.rundown
    ours = [handoff for handoff in airing.handoffs if handoff.feed_id == target.feed_id]
    there = [handoff for handoff in ours if handoff.state in DELIVERED]
    arrived = max((handoff.version for handoff in there), default=0)
    # Asked of what lies at the site, not of the newest version: that one may have come too late for this site.
    withdrawn = any(handoff.withdrawn for handoff in there if handoff.version == arrived)
    if rundown is not None and arrived == rundown.version and not withdrawn:
        return set(), "ok"
    closed = clock.reached(target.accept_until)
    alarms = {"withdrawn_after_delivery"} if withdrawn and closed else set()
    if clock.reached(target.deadline_at):
        return alarms | {"deadline_missed"}, "failed" if closed and not arrived else "at_risk"
    if clock.reached(target.warn_at):
        return alarms | {"deadline_near"}, "at_risk"
    failing = any(one.state == "failed" and one.version == airing.version for one in ours)
    return alarms, "at_risk" if failing else "ok"


def _worse(one: Readiness, other: Readiness) -> Readiness:
    order: tuple[Readiness, ...] = ("ok", "at_risk", "failed")
    return max(one, other, key=order.index)
