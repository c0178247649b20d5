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
    Escalate,
    Materialise,
    Raise,
    Refuse,
    Render,
    SetReadiness,
    SetState,
    TakeArtefact,
    TakeRundown,
)
from schedules.agenda import Agenda
from schedules.delivering import hand_over, look_into_folders, send
from schedules.going_live import go_live, is_over, turns_wanted, watch_live
from schedules.snapshot import (
    CHAIN,
    AiringView,
    AwaitedView,
    Cause,
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
    {
        "audio_missing",
        "announcement_missing",
        "awaited_missing",
        "render_failing",
        "withdrawn_after_delivery",
        "moved_after_delivery",
        "deadline_missed",
        "deadline_near",
        "off_air",
        "stand_in_on_air",
        "wrong_on_air",
        "unheard",
    }
)
"""Alarms that the plan raises and clears; the others belong to who raises them."""

ESCALATED = (0.5, 0.75)
"""Shares of the time from an alarm about a deadline to its end at which it is told again."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do now, and the next instant at which time alone makes something due."""

    actions: tuple[Action, ...]
    next_at: datetime | None


def plan(snapshot: Snapshot, now: datetime) -> Plan:
    """Say what is due at ``now`` and when to ask again at the latest."""
    agenda = Agenda(now)
    actions: list[Action] = []
    until = snapshot.materialised_until
    if until is None or agenda.reached(until - snapshot.horizon):
        actions.append(Materialise(now + snapshot.horizon + AHEAD))
    elif snapshot.slots_changed:
        actions.append(Materialise(until))
    for airing in sorted(snapshot.airings, key=lambda airing: airing.starts_at):
        actions.extend(_airing(airing, agenda))
    return Plan(tuple(actions), agenda.next_at)


def _airing(airing: AiringView, agenda: Agenda) -> list[Action]:
    if agenda.reached(airing.stops_at):
        return [Close(airing.id)] if is_over(airing, agenda) else []
    cancel = next((intent for intent in airing.intents if intent.kind == "cancel"), None)
    if cancel:
        return [Cancel(airing.id, cancel.id)]
    return [
        *_compile(airing, agenda),
        *_render(airing, agenda),
        *hand_over(airing, agenda),
        *send(airing, agenda),
        *look_into_folders(airing, agenda),
        *_air(airing, agenda),
        *_watch(airing, agenda),
    ]


def _closes_at(airing: AiringView) -> datetime:
    """Until when any site still takes something; without a feed, the start."""
    live = [airing.live.takes_until] if airing.live else []
    return max([*live, *(target.accept_until for target in airing.targets)], default=airing.starts_at)


def _still_worth_it(airing: AiringView, agenda: Agenda) -> bool:
    return not agenda.reached(_closes_at(airing))


def _is_time_again(airing: AiringView, job: JobView, agenda: Agenda) -> bool:
    """Whether a job that failed is due once more: after half the time for which it has been failing, and sooner when
    little time is left.
    """
    failed_at = job.finished_at or agenda.now
    pause = (failed_at - (job.asked_at or failed_at)) / 2
    pause = max(SHORTEST_PAUSE, min(pause, LONGEST_PAUSE, (_closes_at(airing) - failed_at) / 4))
    return agenda.reached(failed_at + pause)


def _compile(airing: AiringView, agenda: Agenda) -> Iterable[Action]:
    job = airing.compile_job
    if job is not None and job.running:
        return
    if job is not None and job.state == "done":
        yield TakeRundown(airing.id, job.id)
        return
    turns = turns_wanted(airing, agenda)
    wishes = [one for one in airing.intents if one.kind in {"compile", "standby"} and one not in turns]
    if not _still_worth_it(airing, agenda):
        for wish in wishes:
            yield Refuse(wish.id, "no site takes a new version of this airing any more")
    elif wishes:
        for wish in wishes[:-1]:
            yield Refuse(wish.id, "a newer request took its place")
        level = "standby" if wishes[-1].kind == "standby" else "programme"
        yield Compile(airing.id, level, "requested", wishes[-1].id)
    elif job is not None:
        yield from _compile_again(airing, job, agenda)
    else:
        yield from _compile_unasked(airing, agenda)


def _compile_unasked(airing: AiringView, agenda: Agenda) -> Iterable[Action]:
    resting = airing.rundown is not None and airing.rundown.cause == "resting"
    if airing.rundown is None or resting:
        if agenda.reached(airing.compile_at):
            yield Compile(airing.id, "programme", "first")
        elif _must_rest(airing, agenda):
            yield Compile(airing.id, "standby", "resting")
    elif airing.rundown.reworded:
        yield Compile(airing.id, "programme", "reworded")
    elif airing.rundown.withdrawn:
        yield Compile(airing.id, "programme", "withdrawn")
    elif _falls(airing, airing.rundown):
        yield Compile(airing.id, CHAIN[CHAIN.index(airing.rundown.level) + 1], "failed")
    elif airing.rundown.renewed_from:
        # What stands in goes on standing in, so that the airing climbs back
        cause: Cause = "failed" if airing.rundown.cause == "failed" else "renewed"
        yield Compile(airing.id, airing.rundown.renewed_from, cause)
    elif airing.rundown.cause == "failed":
        yield from _climb_up(airing, airing.rundown, agenda)


def _must_rest(airing: AiringView, agenda: Agenda) -> bool:
    """Whether a fixed name would keep last night's programme for hours: the stand-by takes its place as soon as it is over."""
    if airing.rundown is not None:
        return airing.rundown.withdrawn
    return airing.rests_from is not None and agenda.reached(airing.rests_from)


def _compile_again(airing: AiringView, failed: JobView, agenda: Agenda) -> Iterable[Action]:
    """The compile itself broke (it took its worker down, say): where nothing else can air, go on down the chain."""
    rundown = airing.rundown
    can_air = rundown is not None and not rundown.withdrawn and not _falls(airing, rundown)
    step = CHAIN.index(failed.level)
    if not can_air and step + 1 < len(CHAIN):
        yield Compile(airing.id, CHAIN[step + 1], "failed")
    elif _is_time_again(airing, failed, agenda):
        yield Compile(airing.id, failed.level, failed.cause)


def _falls(airing: AiringView, rundown: RundownView) -> bool:
    """Whether a version cannot be rendered at all and must be followed by one from further down the chain.

    Where one recipe was rendered the audio is sound: another one that fails must not take it from its feeds.
    """
    jobs = rundown.render_jobs
    all_failed = all(recipe in jobs and jobs[recipe].state == "failed" for recipe in airing.recipes)
    return all_failed and not rundown.rendered and rundown.level != CHAIN[-1]


def _climb_up(airing: AiringView, stand_in: RundownView, agenda: Agenda) -> Iterable[Action]:
    """Back to where the airing fell from, once what made it fall (a full disk, no ffmpeg, a dead worker) is over.

    A version that could not be rendered is first rendered on trial: sites keep what they have until it works.
    """
    fallen = airing.fallen
    level = fallen.level if fallen else CHAIN[0]
    if fallen is not None and not fallen.withdrawn:
        if fallen.rendered & airing.recipes:
            yield Compile(airing.id, level, "recovered")
    elif agenda.reached(stand_in.compiled_at + SHORTEST_PAUSE):
        yield Compile(airing.id, level, "recovered")


def _render(airing: AiringView, agenda: Agenda) -> Iterable[Action]:
    rundown, job, fallen = airing.rundown, airing.compile_job, airing.fallen
    if rundown is None or rundown.withdrawn or (job is not None and job.state != "failed"):
        return
    again = bool(rundown.rendered) or rundown.level == CHAIN[-1]
    yield from _render_version(airing, rundown, agenda, again=again)
    if airing.recipes <= rundown.rendered and airing.state == "compiled":
        yield SetState(airing.id, "rendered")
    # What stands in comes first: a trial must not keep it waiting.
    stood_in = airing.recipes <= {recipe for recipe, one in rundown.render_jobs.items() if not one.running}
    if fallen is not None and stood_in and not fallen.withdrawn and not fallen.rendered & airing.recipes:
        yield from _render_version(airing, fallen, agenda, again=True)


def _render_version(
    airing: AiringView, rundown: RundownView, agenda: Agenda, *, again: bool
) -> Iterable[Action]:
    """Each recipe once; and ``again`` a while after a failure that did not make the whole version fall."""
    for recipe in sorted(airing.recipes - rundown.rendered):
        job = rundown.render_jobs.get(recipe)
        if job is not None and job.state == "done":
            yield TakeArtefact(airing.id, rundown.version, recipe, job.id)
        elif not _still_worth_it(airing, agenda):
            continue
        elif job is None or (job.state == "failed" and again and _is_time_again(airing, job, agenda)):
            yield Render(airing.id, rundown.version, recipe)


def _air(airing: AiringView, agenda: Agenda) -> Iterable[Action]:
    if airing.live is not None:
        yield from go_live(airing, airing.live, agenda)
        return
    for intent in airing.intents:
        if intent.kind == "resume":
            yield Refuse(intent.id, "no site takes this airing live: compile its programme again instead")
    rundown = airing.rundown
    ready = rundown is not None and airing.recipes <= rundown.rendered
    started = agenda.reached(airing.starts_at)
    if rundown and ready and not started and airing.armed_version != rundown.version:
        yield Arm(airing.id, rundown.version)
    delivered = any(handoff.arrived for handoff in airing.handoffs)
    if started and delivered and airing.state != "on_air":
        yield SetState(airing.id, "on_air")


def _watch(airing: AiringView, agenda: Agenda) -> Iterable[Action]:
    """Alarms and readiness, counted down to each feed's deadline."""
    missing = _missing(airing, agenda)
    wanted: set[tuple[str, int | None]] = {(kind, None) for kind in missing}
    readiness: Readiness = "at_risk" if missing - {"announcement_missing"} else "ok"
    wanted |= {("moved_after_delivery", one.feed_id) for one in airing.handoffs if one.arrived and one.stray}
    for target in airing.targets:
        if target.second_route_of is not None:
            continue
        alarms, risk = _watch_target(airing, target, agenda)
        wanted |= {(kind, target.feed_id) for kind in alarms}
        yield from _escalate(airing, target, alarms, agenda)
        readiness = _worse(readiness, risk)
    for live_feed_id, alarms, risk in watch_live(airing, agenda):
        wanted |= {(kind, live_feed_id) for kind in alarms}
        readiness = _worse(readiness, risk)
    yield from _tell_of_another(airing, agenda)
    for kind, feed_id in sorted(wanted - airing.alarms, key=str):
        yield Raise(kind, airing.id, feed_id)
    for kind, feed_id in sorted(airing.alarms - wanted, key=str):
        if kind in WATCHED:
            yield Clear(kind, airing.id, feed_id)
    if readiness != airing.readiness:
        yield SetReadiness(airing.id, readiness)


def _missing(airing: AiringView, agenda: Agenda) -> set[str]:
    """Alarms about what the programme itself lacks."""
    return {
        kind
        for kind, is_so in (
            ("audio_missing", _audio_is_missing(airing)),
            ("announcement_missing", airing.rundown is not None and airing.rundown.unspoken),
            ("awaited_missing", bool(_late(airing, agenda))),
        )
        if is_so
    }


def _tell_of_another(airing: AiringView, agenda: Agenda) -> Iterable[Action]:
    """The alarm about what is awaited is one for an airing: where another item is late too, it is told again."""
    key = ("awaited_missing", None)
    others = len(_late(airing, agenda)) - 1
    if key in airing.alarms and others > airing.steps.get(key, 0):
        yield Escalate("awaited_missing", airing.id, None, others)


def _late(airing: AiringView, agenda: Agenda) -> list[AwaitedView]:
    """All are asked, so that the agenda knows the instants of all."""
    return [one for one in airing.awaited if _is_late(one, agenda)]


def _is_late(awaited: AwaitedView, agenda: Agenda) -> bool:
    """Whether something awaited is late: nothing has come when it is due, nothing that will be heard by the cut-off."""
    overdue, too_late = agenda.reached(awaited.due_at), agenda.reached(awaited.cut_off_at)
    return not awaited.settled and (too_late or awaited.unusable or (overdue and not awaited.here))


def _audio_is_missing(airing: AiringView) -> bool:
    """Something other than the programme will air, or nobody takes it, or the compile broke.

    A compile that is merely late shows in the deadlines of the feeds.
    """
    if airing.compile_job is not None and airing.compile_job.failing:
        return True
    if airing.rundown is None or airing.rundown.cause == "resting":  # its own is still to be made
        return False
    return airing.rundown.level != CHAIN[0] or not (airing.targets or airing.live)


def _watch_target(airing: AiringView, target: TargetView, agenda: Agenda) -> tuple[set[str], Readiness]:
    rundown = airing.rundown
    routes = {target.feed_id} | {
        one.feed_id for one in airing.targets if one.second_route_of == target.feed_id
    }
    ours = [handoff for handoff in airing.handoffs if handoff.feed_id in routes]
    closed = agenda.reached(target.accept_until)
    # What the site wants otherwise is as good as nothing, as long as it takes something else.
    there = [one for one in ours if one.arrived and (closed or not one.outdated)]
    arrived = max((handoff.version for handoff in there), default=0)
    # Asked of what lies at the site, not of the newest version: that one may have come too late for this site.
    withdrawn = any(handoff.withdrawn for handoff in there if handoff.version == arrived)
    if rundown is not None and arrived == rundown.version and not withdrawn:
        return set(), "ok"
    alarms = {"withdrawn_after_delivery"} if withdrawn and closed else set()
    if not closed and _render_is_failing(airing, target):
        alarms.add("render_failing")
    if agenda.reached(target.deadline_at):
        return alarms | {"deadline_missed"}, "failed" if closed and not arrived else "at_risk"
    if agenda.reached(target.warn_at):
        return alarms | {"deadline_near"}, "at_risk"
    failing = any(one.state == "failed" and one.version == airing.version for one in ours)
    return alarms, "at_risk" if failing or "render_failing" in alarms else "ok"


def _escalate(airing: AiringView, target: TargetView, alarms: set[str], agenda: Agenda) -> Iterable[Action]:
    """Tell again what is open when half, and when three quarters, of the time are gone."""
    spans = {
        "deadline_near": (target.warn_at, target.deadline_at),
        "deadline_missed": (target.deadline_at, target.accept_until),
    }
    for kind in sorted(alarms & spans.keys()):
        begin, end = spans[kind]
        if agenda.reached(end):  # nothing can be done any more
            continue
        step = sum(agenda.reached(begin + (end - begin) * share) for share in ESCALATED)
        told = airing.steps.get((kind, target.feed_id), 0)
        if (kind, target.feed_id) in airing.alarms and step > told:
            yield Escalate(kind, airing.id, target.feed_id, step)


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
