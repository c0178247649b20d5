"""What is due between a rendered airing and its sites: handing over, sending, looking again, and people's wishes.

A part of the plan (`schedules.plan`): the same snapshot gives the same actions. Times are aware UTC.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from schedules.actions import (
    Action,
    Amend,
    GiveUp,
    HandOver,
    Hold,
    LookInto,
    Recheck,
    RecordByHand,
    Refuse,
    Retry,
    Send,
    Supersede,
)
from schedules.agenda import Agenda
from schedules.snapshot import DELIVERED, AiringView, HandoffView, IntentView, RundownView, TargetView

LOOK_AGAIN = timedelta(minutes=5)
"""A folder in which something is wrong is looked into this often until it is right."""


def hand_over(airing: AiringView, agenda: Agenda) -> Iterable[Action]:
    rundown = airing.rundown
    if rundown is None or rundown.withdrawn:
        return
    known = {(handoff.feed_id, handoff.version) for handoff in airing.handoffs}
    for target in airing.targets:
        if target.recipe not in rundown.rendered or (target.feed_id, rundown.version) in known:
            continue
        if not agenda.reached(target.accept_until) and _is_wanted(airing, target, agenda):
            yield HandOver(airing.id, rundown.version, target.feed_id)


def _is_wanted(airing: AiringView, target: TargetView, agenda: Agenda) -> bool:
    """Whether a route is to be used: a second one in order only from the first one's trouble on, or near its deadline.

    Once it has got anything of an airing it gets every later version too: else an older one would stay there.
    """
    if target.always or any(handoff.feed_id == target.feed_id for handoff in airing.handoffs):
        return True
    first = next((one for one in airing.targets if one.feed_id == target.second_route_of), None)
    ours = [handoff for handoff in airing.handoffs if handoff.feed_id == target.second_route_of]
    newest = max(ours, key=lambda one: one.version, default=None)
    if newest is not None and (newest.arrived or newest.held):
        return False
    return (newest is not None and newest.troubled) or first is None or agenda.reached(first.warn_at)


def send(airing: AiringView, agenda: Agenda) -> Iterable[Action]:
    taking = {target.feed_id: target for target in airing.targets}
    for feed_id in sorted({handoff.feed_id for handoff in airing.handoffs}):
        ours = sorted((one for one in airing.handoffs if one.feed_id == feed_id), key=lambda one: one.version)
        yield from _supersede(ours)
        newest = ours[-1]
        # One at a time: an older version that is still on its way must not arrive after a newer one.
        # A feed that was disabled or taken off the line gets nothing more.
        if feed_id in taking and not any(handoff.in_flight for handoff in ours):
            if newest.outdated and not agenda.reached(newest.accept_until):
                yield from _amend(newest, taking[feed_id], airing.rundown)
            else:
                yield from _send_newest(newest, agenda)
    yield from _wishes(airing, agenda)


def _supersede(ours: list[HandoffView]) -> Iterable[Action]:
    """Of one feed's handoffs, end the older ones. What lies safely at the site stays until something newer does.

    A newer one that is only on offer takes the place of an older offer, not of what the site has fetched.
    """
    there = max((handoff.version for handoff in ours if handoff.state in DELIVERED), default=0)
    arrived = max((handoff.version for handoff in ours if handoff.arrived), default=0)
    for handoff in ours[:-1]:
        newest = there if handoff.offered else arrived
        overtaken = handoff.state not in DELIVERED or handoff.version < newest
        if overtaken and not handoff.in_flight and handoff.state not in ("superseded", "cancelled"):
            yield Supersede(handoff.id)


def _amend(handoff: HandoffView, target: TargetView, rundown: RundownView | None) -> Iterable[Action]:
    """Follow the feed's wishes as soon as they are rendered. What it does not want any more is not sent meanwhile."""
    is_current = rundown is not None and rundown.version == handoff.version and not rundown.withdrawn
    if is_current and rundown is not None and target.recipe in rundown.rendered:
        yield Amend(handoff.id)


def _send_newest(handoff: HandoffView, agenda: Agenda) -> Iterable[Action]:
    if handoff.state in ("due", "sending"):
        if agenda.reached(handoff.accept_until):
            yield GiveUp(handoff.id)
        elif handoff.held:
            return
        elif handoff.state == "sending" or agenda.reached(handoff.next_attempt_at):
            yield Send(handoff.id)
    elif handoff.state == "failed" and handoff.mended and not agenda.reached(handoff.accept_until):
        yield Retry(handoff.id)
    elif (handoff.offered and handoff.fetched) or _recheck_is_due(handoff, agenda):
        yield Recheck(handoff.id)


def _wishes(airing: AiringView, agenda: Agenda) -> Iterable[Action]:
    """What people asked for of single handoffs."""
    newest = {one.feed_id: one for one in sorted(airing.handoffs, key=lambda one: one.version)}
    for intent in airing.intents:
        if intent.kind not in _VERBS:
            continue
        handoff = next((one for one in newest.values() if one.id == intent.handoff_id), None)
        if handoff is None:
            yield Refuse(intent.id, "a newer version took its place")
        elif not handoff.in_flight:
            yield from _wish(intent, handoff, agenda)


def _wish(intent: IntentView, handoff: HandoffView, agenda: Agenda) -> Iterable[Action]:
    waiting = handoff.state in ("due", "sending", "failed")
    if intent.kind == "manual":
        # Also after the site's last moment: a person knows what they have brought
        if waiting or handoff.state == "stored":
            yield RecordByHand(handoff.id, intent.id)
        else:
            yield Refuse(intent.id, f"it is {handoff.state}: there is nothing to bring")
    elif not waiting or (intent.kind == "retry" and handoff.state != "failed"):
        yield Refuse(intent.id, f"it is {handoff.state}: there is nothing to {_VERBS[intent.kind]}")
    elif agenda.reached(handoff.accept_until):
        yield Refuse(intent.id, "the site takes nothing for this airing any more")
    elif intent.kind == "hold":
        yield Hold(handoff.id, intent.id)
    else:
        yield Retry(handoff.id, intent.id)


_VERBS = {"retry": "try again", "send": "send", "hold": "hold", "manual": "bring"}


def _recheck_is_due(handoff: HandoffView, agenda: Agenda) -> bool:
    """Once, at the deadline, for what was verified before it; again later where the site could not be asked."""
    if handoff.state != "verified" or handoff.rechecked_at is not None or handoff.verified_at is None:
        return False
    if handoff.verified_at >= handoff.deadline_at or agenda.reached(handoff.accept_until):
        return False
    return agenda.reached(max(handoff.deadline_at, handoff.next_attempt_at))


def look_into_folders(airing: AiringView, agenda: Agenda) -> Iterable[Action]:
    """See what the site sees: when people would be warned, at the deadline, and until what was wrong is mended."""
    for target in airing.targets:
        if not target.can_look or target.looking or agenda.reached(target.accept_until):
            continue
        due = _look_is_due(airing, target)
        if due is not None and agenda.reached(due):
            yield LookInto(airing.id, target.feed_id)


def _look_is_due(airing: AiringView, target: TargetView) -> datetime | None:
    used = any(handoff.feed_id == target.feed_id for handoff in airing.handoffs)
    if target.second_route_of is not None and not used:
        return None
    if target.looked_at is None or target.looked_at < target.warn_at:
        return target.warn_at
    if target.looked_at < target.deadline_at:
        again = target.looked_at + LOOK_AGAIN if target.found_wrong else target.deadline_at
        return min(again, target.deadline_at)
    return target.looked_at + LOOK_AGAIN if target.found_wrong else None
