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
    Amend,
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

SHORTEST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(minutes=5)
"""What failed (a full disk, no ffmpeg, one encoding of several) is tried again after pauses between these two."""

AHEAD = timedelta(hours=6)
"""Airings are made this much further ahead than asked for, so that a quiet day costs few writes."""

WATCHED = frozenset(
    {"audio_missing", "render_failing", "withdrawn_after_delivery", "deadline_missed", "deadline_near"}
)
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


def _closes_at(airing: AiringView) -> datetime:
    """Until when any site still takes something; without a feed, the start."""
    return max([target.accept_until for target in airing.targets], default=airing.starts_at)


def _still_worth_it(airing: AiringView, clock: _Clock) -> bool:
    return not clock.reached(_closes_at(airing))


def _is_time_again(airing: AiringView, job: JobView, clock: _Clock) -> bool:
    """Whether a job that failed is due once more: after half the time for which it has been failing, and sooner when
    little time is left.
    """
    failed_at = job.finished_at or clock.now
    pause = (failed_at - (job.asked_at or failed_at)) / 2
    pause = max(SHORTEST_PAUSE, min(pause, LONGEST_PAUSE, (_closes_at(airing) - failed_at) / 4))
    return clock.reached(failed_at + pause)


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
    elif wishes:
        for wish in wishes[:-1]:
            yield Refuse(wish.id, "a newer request took its place")
        level = "standby" if wishes[-1].kind == "standby" else "programme"
        yield Compile(airing.id, level, "requested", wishes[-1].id)
    elif job is not None:
        yield from _compile_again(airing, job, clock)
    else:
        yield from _compile_unasked(airing, clock)


def _compile_unasked(airing: AiringView, clock: _Clock) -> Iterable[Action]:
    if airing.rundown is None:
        if clock.reached(airing.compile_at):
            yield Compile(airing.id, "programme", "first")
    elif airing.rundown.withdrawn:
        yield Compile(airing.id, "programme", "withdrawn")
    elif _falls(airing, airing.rundown):
        yield Compile(airing.id, CHAIN[CHAIN.index(airing.rundown.level) + 1], "failed")
    elif airing.rundown.cause == "failed":
        yield from _climb_up(airing, airing.rundown, clock)


def _compile_again(airing: AiringView, failed: JobView, clock: _Clock) -> Iterable[Action]:
    """The compile itself broke (it took its worker down, say): where nothing else can air, go on down the chain."""
    rundown = airing.rundown
    can_air = rundown is not None and not rundown.withdrawn and not _falls(airing, rundown)
    step = CHAIN.index(failed.level)
    if not can_air and step + 1 < len(CHAIN):
        yield Compile(airing.id, CHAIN[step + 1], "failed")
    elif _is_time_again(airing, failed, clock):
        yield Compile(airing.id, failed.level, failed.cause)


def _falls(airing: AiringView, rundown: RundownView) -> bool:
    """Whether a version cannot be rendered at all and must be followed by one from further down the chain.

    Where one recipe was rendered the audio is sound: another one that fails must not take it from its feeds.
    """
    jobs = rundown.render_jobs
    all_failed = all(recipe in jobs and jobs[recipe].state == "failed" for recipe in airing.recipes)
    return all_failed and not rundown.rendered and rundown.level != CHAIN[-1]


def _climb_up(airing: AiringView, stand_in: RundownView, clock: _Clock) -> Iterable[Action]:
    """Back to where the airing fell from, once what made it fall (a full disk, no ffmpeg, a dead worker) is over.

    A version that could not be rendered is first rendered on trial: sites keep what they have until it works.
    """
    fallen = airing.fallen
    level = fallen.level if fallen else CHAIN[0]
    if fallen is not None and not fallen.withdrawn:
        if fallen.rendered & airing.recipes:
            yield Compile(airing.id, level, "recovered")
    elif clock.reached(stand_in.compiled_at + SHORTEST_PAUSE):
        yield Compile(airing.id, level, "recovered")


def _render(airing: AiringView, clock: _Clock) -> Iterable[Action]:
    rundown, job, fallen = airing.rundown, airing.compile_job, airing.fallen
    if rundown is None or rundown.withdrawn or (job is not None and job.state != "failed"):
        return
    again = bool(rundown.rendered) or rundown.level == CHAIN[-1]
    yield from _render_version(airing, rundown, clock, again=again)
    if airing.recipes <= rundown.rendered and airing.state == "compiled":
        yield SetState(airing.id, "rendered")
    # What stands in comes first: a trial must not keep it waiting.
    stood_in = airing.recipes <= {recipe for recipe, one in rundown.render_jobs.items() if not one.running}
    if fallen is not None and stood_in and not fallen.withdrawn and not fallen.rendered & airing.recipes:
        yield from _render_version(airing, fallen, clock, again=True)


def _render_version(
    airing: AiringView, rundown: RundownView, clock: _Clock, *, again: bool
) -> Iterable[Action]:
    """Each recipe once; and ``again`` a while after a failure that did not make the whole version fall."""
    for recipe in sorted(airing.recipes - rundown.rendered):
        job = rundown.render_jobs.get(recipe)
        if job is not None and job.state == "done":
            yield TakeArtefact(airing.id, rundown.version, recipe, job.id)
        elif not _still_worth_it(airing, clock):
            continue
        elif job is None or (job.state == "failed" and again and _is_time_again(airing, job, clock)):
            yield Render(airing.id, rundown.version, recipe)


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
    taking = {target.feed_id: target for target in airing.targets}
    for feed_id in sorted({handoff.feed_id for handoff in airing.handoffs}):
        ours = sorted((one for one in airing.handoffs if one.feed_id == feed_id), key=lambda one: one.version)
        yield from _supersede(ours)
        newest = ours[-1]
        # One at a time: an older version that is still on its way must not arrive after a newer one.
        # A feed that was disabled or taken off the line gets nothing more.
        if feed_id in taking and not any(handoff.in_flight for handoff in ours):
            if newest.outdated and not clock.reached(newest.accept_until):
                yield from _amend(newest, taking[feed_id], airing.rundown)
            else:
                yield from _send_newest(newest, clock)
    yield from _retries(airing, clock)


def _supersede(ours: list[HandoffView]) -> Iterable[Action]:
    """Of one feed's handoffs, end the older ones. What lies safely at the site stays until something newer does."""
    arrived = max((handoff.version for handoff in ours if handoff.state in DELIVERED), default=0)
    for handoff in ours[:-1]:
        overtaken = handoff.state not in DELIVERED or handoff.version < arrived
        if overtaken and not handoff.in_flight and handoff.state not in ("superseded", "cancelled"):
            yield Supersede(handoff.id)


def _amend(handoff: HandoffView, target: TargetView, rundown: RundownView | None) -> Iterable[Action]:
    """Follow the feed's wishes as soon as they are rendered. What it does not want any more is not sent meanwhile."""
    is_current = rundown is not None and rundown.version == handoff.version and not rundown.withdrawn
    if is_current and rundown is not None and target.recipe in rundown.rendered:
        yield Amend(handoff.id)


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
    if airing.compile_job is not None and airing.compile_job.failing:
        return True
    return airing.rundown is not None and (airing.rundown.level != CHAIN[0] or not airing.targets)


def _watch_target(airing: AiringView, target: TargetView, clock: _Clock) -> tuple[set[str], Readiness]:
    rundown = airing.rundown
    ours = [handoff for handoff in airing.handoffs if handoff.feed_id == target.feed_id]
    closed = clock.reached(target.accept_until)
    # What the site wants otherwise is as good as nothing, as long as it takes something else.
    there = [one for one in ours if one.state in DELIVERED and (closed or not one.outdated)]
    arrived = max((handoff.version for handoff in there), default=0)
    # Asked of what lies at the site, not of the newest version: that one may have come too late for this site.
    withdrawn = any(handoff.withdrawn for handoff in there if handoff.version == arrived)
    if rundown is not None and arrived == rundown.version and not withdrawn:
        return set(), "ok"
    alarms = {"withdrawn_after_delivery"} if withdrawn and closed else set()
    if not closed and _render_is_failing(airing, target):
        alarms.add("render_failing")
    if clock.reached(target.deadline_at):
        return alarms | {"deadline_missed"}, "failed" if closed and not arrived else "at_risk"
    if clock.reached(target.warn_at):
        return alarms | {"deadline_near"}, "at_risk"
    failing = any(one.state == "failed" and one.version == airing.version for one in ours)
    return alarms, "at_risk" if failing or "render_failing" in alarms else "ok"


def _render_is_failing(airing: AiringView, target: TargetView) -> bool:
    """Whether the newest version cannot be had in this feed's encoding, and nothing from down the chain takes its place."""
    rundown = airing.rundown
    if rundown is None or target.recipe is None or _falls(airing, rundown):
        return False
    job = rundown.render_jobs.get(target.recipe)
    return job is not None and job.failing and target.recipe not in rundown.rendered


def _worse(one: Readiness, other: Readiness) -> Readiness:
    order: tuple[Readiness, ...] = ("ok", "at_risk", "failed")
    return max(one, other, key=order.index)
