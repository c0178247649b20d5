"""What is to be done now, for every open airing: the engine's one decision, as a pure function.

``plan(snapshot, now)`` looks at what is there and says what is missing. It keeps no memory: called twice with the
same snapshot it says the same thing, and called after a crash it says what is left to do. Times are aware UTC.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from schedules.actions import (
    Action,
    Arm,
    Cancel,
    Clear,
    Close,
    Compile,
    GiveUp,
    HandOver,
    Materialise,
    Raise,
    Recheck,
    Refuse,
    Render,
    Retry,
    Send,
    SetReadiness,
    SetState,
    Supersede,
    TakeArtefact,
    TakeRundown,
)
from schedules.snapshot import (
    CHAIN,
    DELIVERED,
    AiringView,
    HandoffView,
    JobView,
    Readiness,
    RundownView,
    Snapshot,
    TargetView,
)

RETRY = timedelta(seconds=60)
"""What failed and has nothing to fall back on (a full disk, no ffmpeg, one encoding of several) is tried again this
often."""

AHEAD = timedelta(hours=6)
"""Airings are made this much further ahead than asked for, so that a quiet day costs few writes."""

WATCHED = frozenset({"audio_missing", "withdrawn_after_delivery", "deadline_missed", "deadline_near"})
"""Alarms that the plan raises and clears; the others belong to who raises them."""


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
        yield from _fall_down(airing, airing.rundown)


def _compile_again(airing: AiringView, failed: JobView, clock: _Clock) -> Iterable[Action]:
    """The compile itself broke (it took its worker down, say): go on further down the chain."""
    step = CHAIN.index(failed.level)
    if step + 1 < len(CHAIN):
        yield Compile(airing.id, CHAIN[step + 1], "failed")
    elif clock.reached((failed.finished_at or clock.now) + RETRY):
        yield Compile(airing.id, failed.level, "failed")


def _fall_down(airing: AiringView, rundown: RundownView) -> Iterable[Action]:
    """A version that cannot be rendered at all is followed by one from further down the chain.

    Where one recipe was rendered the audio is sound: another one that fails must not take it from its feeds.
    """
    jobs = rundown.render_jobs
    if airing.recipes and all(recipe in jobs and jobs[recipe].state == "failed" for recipe in airing.recipes):
        step = CHAIN.index(rundown.level)
        if step + 1 < len(CHAIN):
            yield Compile(airing.id, CHAIN[step + 1], "failed")


def _render(airing: AiringView, clock: _Clock) -> Iterable[Action]:
    rundown = airing.rundown
    if rundown is None or airing.compile_job is not None or rundown.withdrawn:
        return
    for recipe in sorted(airing.recipes - rundown.rendered):
        job = rundown.render_jobs.get(recipe)
        if job is not None and job.state == "done":
            yield TakeArtefact(airing.id, rundown.version, recipe, job.id)
        elif _still_worth_it(airing, clock) and _render_is_due(job, rundown, clock):
            yield Render(airing.id, rundown.version, recipe)
    if airing.recipes <= rundown.rendered and airing.state == "compiled":
        yield SetState(airing.id, "rendered")


def _render_is_due(job: JobView | None, rundown: RundownView, clock: _Clock) -> bool:
    """Once; and again a while after a failure that did not make the whole version fall."""
    if job is None or job.state != "failed":
        return job is None
    stays = bool(rundown.rendered) or rundown.level == CHAIN[-1]
    return stays and clock.reached((job.finished_at or clock.now) + RETRY)


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
    elif handoff.state == "failed" and handoff.mended and not clock.reached(handoff.accept_until):
        yield Retry(handoff.id)
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
