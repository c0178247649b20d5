"""What is due of an airing that goes out live: arming, the hand brake, and what people must know of it.

A part of the plan (`schedules.plan`): the same snapshot gives the same actions. Times are aware UTC.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from schedules.actions import Action, ArmLive, GiveBack, Refuse, SetState, TakeOver, TakeTurn
from schedules.agenda import Agenda
from schedules.snapshot import CHAIN, AiringView, IntentView, LiveState, LiveView, Readiness

GRACE = timedelta(seconds=5)
"""An endpoint that is lost and found again within this is not worth waking anybody."""

STEP_EVERY = timedelta(seconds=60)
"""The chain is stepped down by itself at most so often: a step must have been heard before the next one is taken."""

STUDIO = ("studio", "studio_over")
"""A studio is ready; it is gone."""

LAST_WORDS = timedelta(seconds=30)
"""How long after its end an airing waits for the air process to put it on the record."""


def is_over(airing: AiringView, agenda: Agenda) -> bool:
    """Whether everything is known of an airing whose end has come."""
    live = airing.live
    return live is None or live.ended or agenda.reached(airing.stops_at + LAST_WORDS)


def go_live(airing: AiringView, live: LiveState, agenda: Agenda) -> Iterable[Action]:
    """Arm it with what there is now, and again whenever that changes."""
    if live.wanted is None:
        agenda.reached(live.last_moment)  # then there will be something
    elif live.wanted != live.armed:
        yield ArmLive(airing.id, live.wanted)
    if agenda.reached(airing.starts_at) and live.taken_on and airing.state != "on_air":
        yield SetState(airing.id, "on_air")
    wanted = turns_wanted(airing, agenda)
    for intent in wanted:
        yield from _turn(airing, live, intent)
    if not wanted:
        yield from _step_down(airing, live, agenda)


def turns_wanted(airing: AiringView, agenda: Agenda) -> list[IntentView]:
    """What people want of an airing that is on the air just now. Before it begins, a stand-by is compiled like a programme."""
    live = airing.live
    if live is None:
        return []
    opens_at = min((feed.opens_at for feed in live.feeds), default=airing.starts_at)
    kinds = {"standby", "resume", *STUDIO} if agenda.reached(opens_at) else {"resume", *STUDIO}
    return [intent for intent in airing.intents if intent.kind in kinds]


def _turn(airing: AiringView, live: LiveState, intent: IntentView) -> Iterable[Action]:
    current = live.turns[-1] if live.turns else CHAIN[0]
    if intent.kind == "studio_over":
        yield GiveBack(airing.id, intent.id)
    elif intent.kind == "studio" and live.asked_for not in {CHAIN[0], "studio"}:
        yield Refuse(
            intent.id, "the stand-by is on because somebody wants it: go back to the programme first"
        )
    elif intent.kind == "studio":
        yield TakeOver(airing.id, intent.id)
    elif intent.kind == "standby":
        yield TakeTurn(airing.id, "standby", intent.id)
    elif {current, live.asked_for} == {CHAIN[0]}:
        yield Refuse(intent.id, "the programme is on already: there is nothing to go back to")
    else:
        yield TakeTurn(airing.id, CHAIN[0], intent.id)


def _step_down(airing: AiringView, live: LiveState, agenda: Agenda) -> Iterable[Action]:
    """To the next step of the chain, where one feed after all others is heard wrong.

    While any feed is heard as it should be, what goes out is sound, and the fault is the other site's: nothing that we
    could send would mend it, and the step would be taken on the good feed too. Where something else than we send is heard
    after a step as well, it was no use: what people want goes on, and they are called. Silence goes on down the chain. A
    studio is no step of it: who is in it hears themselves, and the air process knows when it is gone.
    """
    current = live.turns[-1] if live.turns else CHAIN[0]
    since = live.turned_at or airing.starts_at
    wrong = [feed.heard_wrong for feed in live.feeds if feed.heard_wrong is not None]
    right = [feed.heard_right_at for feed in live.feeds if feed.heard_wrong is None]
    was_no_use = live.stepped > 0 and current == live.asked_for
    if current not in CHAIN or not wrong or was_no_use or any(at is not None and at > since for at in right):
        return
    heard = [one for one in wrong if one.at > since and one.level in CHAIN[CHAIN.index(current) :]]
    if not heard or (live.turned_at is not None and not agenda.reached(live.turned_at + STEP_EVERY)):
        return
    following = CHAIN.index(max(heard, key=lambda one: CHAIN.index(one.level)).level) + 1
    if live.stepped and all(one.finding != "silent" for one in heard):
        yield TakeTurn(airing.id, live.asked_for)
    elif following < len(CHAIN):
        yield TakeTurn(airing.id, CHAIN[following])


def watch_live(airing: AiringView, agenda: Agenda) -> Iterable[tuple[int, set[str], Readiness]]:
    """Each live feed, its alarms, and what they mean for the airing."""
    live = airing.live
    for feed in live.feeds if live else ():
        if agenda.reached(feed.opens_at):
            yield feed.feed_id, *_watch_on_air(feed, agenda)
        elif live and not _is_ready(airing, live):
            yield feed.feed_id, *_watch_deadline(feed, agenda)


def _is_ready(airing: AiringView, live: LiveState) -> bool:
    """Whether the air process has the newest version, and all that may stand in for it."""
    rundown = airing.rundown
    current = rundown is not None and live.version == rundown.version
    return current and live.taken_on and live.wanted == live.armed


def _watch_deadline(feed: LiveView, agenda: Agenda) -> tuple[set[str], Readiness]:
    if agenda.reached(feed.deadline_at):
        return {"deadline_missed"}, "at_risk"
    if agenda.reached(feed.warn_at):
        return {"deadline_near"}, "at_risk"
    return set(), "ok"


def _watch_on_air(feed: LiveView, agenda: Agenda) -> tuple[set[str], Readiness]:
    alarms: set[str] = set()
    if feed.off_since is not None and agenda.reached(feed.off_since + GRACE):
        alarms.add("off_air")
    if feed.standing_in_since is not None and agenda.reached(feed.standing_in_since + GRACE):
        alarms.add("stand_in_on_air")
    if feed.heard_wrong is not None:
        alarms.add("wrong_on_air")
    if feed.unheard:
        alarms.add("unheard")
    failed = alarms & {"off_air", "wrong_on_air"}
    return alarms, "failed" if failed else "at_risk" if alarms else "ok"
