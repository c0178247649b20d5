"""The engine's one decision: what is done when, as a table of the station's rules, and what must hold for every night."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules import actions as rules
from schedules.actions import Action
from schedules.plan import WATCHED, Plan, plan
from schedules.snapshot import (
    CHAIN,
    CLOSED,
    DELIVERED,
    AiringView,
    Cause,
    HandoffView,
    IntentView,
    JobView,
    RundownView,
    Snapshot,
    TargetView,
)

START = datetime(2026, 11, 22, 15, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DELIVER, WARN, DEADLINE, ACCEPT, STOP = (START + MINUTE * at for at in (-90, -45, -30, -5, 30))
COMPILE = START - MINUTE * 360
MP3, WAV = "mp3", "wav"
DONE = JobView(7, "done", COMPILE)
RUNNING = JobView(7, "running")


def failed(at: datetime = COMPILE, level: str = "programme", since: datetime | None = None) -> JobView:
    cause: Cause = "first" if level == "programme" else "failed"
    return JobView(7, "failed", at, level, cause, since or at, faltered=True)


def target(feed_id: int = 1, recipe: str | None = MP3, **fields: Any) -> TargetView:
    instants = {"deliver_at": DELIVER, "warn_at": WARN, "deadline_at": DEADLINE, "accept_until": ACCEPT}
    return TargetView(feed_id=feed_id, recipe=recipe, **instants | fields)


def handoff(state: str = "due", version: int = 1, feed_id: int = 1, **fields: Any) -> HandoffView:
    wanted: dict[str, Any] = {"next_attempt_at": DELIVER, "deadline_at": DEADLINE, "accept_until": ACCEPT}
    if state == "verified":
        wanted["verified_at"] = DELIVER
    return HandoffView(
        id=feed_id * 10 + version, feed_id=feed_id, version=version, state=state, **wanted | fields
    )


def rundown(version: int = 1, level: str = "programme", **fields: Any) -> RundownView:
    usual: dict[str, Any] = {"cause": "first", "compiled_at": COMPILE, "withdrawn": False}
    return RundownView(version=version, level=level, **usual | fields)


RENDERED = rundown(rendered=frozenset({MP3}))


def airing(**fields: Any) -> AiringView:
    usual: dict[str, Any] = {
        "id": 1,
        "starts_at": START,
        "stops_at": STOP,
        "compile_at": COMPILE,
        "state": "planned",
        "readiness": "ok",
        "version": 0,
        "armed_version": 0,
        "targets": (target(),),
    }
    wanted = usual | fields
    recipes = frozenset(one.recipe for one in wanted["targets"] if one.recipe) or frozenset({MP3})
    if wanted.get("rundown") and "version" not in fields:
        wanted["version"] = wanted["rundown"].version
    return AiringView(**{"recipes": recipes} | wanted)


def ready(*handoffs: HandoffView, **fields: Any) -> AiringView:
    """Compiled, rendered and armed in version 1; what remains is delivery."""
    return airing(
        **{"state": "armed", "armed_version": 1, "rundown": RENDERED, "handoffs": handoffs} | fields
    )


def asked(one: AiringView, now: datetime) -> tuple[Action, ...]:
    return planned(one, now).actions


def planned(one: AiringView, now: datetime) -> Plan:
    return plan(Snapshot((one,), datetime.max.replace(tzinfo=UTC), timedelta(hours=48)), now)


BEFORE = COMPILE - MINUTE
EARLY = COMPILE + MINUTE
LATE = DEADLINE + MINUTE
CLOSED_SITE = ACCEPT + MINUTE
ON_AIR = START + MINUTE
RAISE, CLEAR, RISK = rules.Raise, rules.Clear, rules.SetReadiness
FIRST = rules.Compile(1, "programme", "first")
WITHDRAWN = rundown(rendered=frozenset({MP3}), withdrawn=True)
REWORDED = rundown(rendered=frozenset({MP3}), withdrawn=True, reworded=True)
UNSPOKEN = rundown(rendered=frozenset({MP3}), unspoken=True)
WISH = IntentView(5, "compile")
STANDBY = IntentView(6, "standby")
RETRY = IntentView(8, "retry", handoff_id=11)
EARLIER = BEFORE - MINUTE
RESTING = rundown(level="standby", cause="resting", rendered=frozenset({MP3}))
SEND, HOLD, BY_HAND = (
    IntentView(at, kind, handoff_id=11) for at, kind in ((2, "send"), (3, "hold"), (4, "manual"))
)
IN_ORDER = (target(), target(2, second_route_of=1, always=False))
BOTH = (target(), target(2, second_route_of=1))
LOOK = rules.LookInto(1, 1)
NEAR = frozenset({("deadline_near", 1)})
LATE_AND_TOLD = {"readiness": "at_risk", "alarms": frozenset({("deadline_missed", 1)})}


def seen(at: datetime | None = None, **fields: Any) -> tuple[TargetView, ...]:
    return (target(can_look=True, looked_at=at, **fields),)


V2_LATE = rundown(2, rendered=frozenset({MP3}))
TOLD = {"readiness": "at_risk", "alarms": frozenset({("audio_missing", None)})}
FELL = rundown(render_jobs={MP3: failed(EARLY)})
STAND_IN = rundown(
    2, "standby", cause="failed", compiled_at=EARLY, rendered=frozenset({MP3}), render_jobs={MP3: DONE}
)
FAILING = rundown(rendered=frozenset({WAV}), render_jobs={MP3: failed(EARLY)})
TWO = {
    "targets": (target(1, MP3), target(2, WAV)),
    "state": "compiled",
    "handoffs": (handoff("due", feed_id=2),),
}
NO_MP3 = {"readiness": "at_risk", "alarms": frozenset({("render_failing", 1)})}


def on_standby(**fields: Any) -> AiringView:
    """The programme could not be rendered; the stand-by lies at the site."""
    usual = {"rundown": STAND_IN, "fallen": FELL, "armed_version": 2, **TOLD}
    return ready(handoff("verified", 2), **usual | fields)


RULES: list[tuple[str, AiringView, datetime, list[Action]]] = [
    ("nothing before its time", airing(), BEFORE, []),
    ("compiled when it is time", airing(), COMPILE, [FIRST]),
    (
        "a fixed name is not left with last night's programme",
        airing(rests_from=EARLIER),
        BEFORE,
        [rules.Compile(1, "standby", "resting")],
    ),
    ("and not before that is over", airing(rests_from=BEFORE + MINUTE / 2), BEFORE, []),
    ("what rests is no trouble", ready(handoff("verified"), rundown=RESTING), BEFORE, []),
    ("and makes way for the programme", ready(handoff("verified"), rundown=RESTING), COMPILE, [FIRST]),
    ("a running compile is waited for", airing(compile_job=RUNNING), EARLY, []),
    ("a finished compile is taken", airing(compile_job=DONE), EARLY, [rules.TakeRundown(1, 7)]),
    (
        "a broken compile goes on with the stand-by",
        airing(compile_job=failed()),
        EARLY,
        [rules.Compile(1, "standby", "failed"), RAISE("audio_missing", 1), RISK(1, "at_risk")],
    ),
    (
        "the end of the chain is tried again a minute later",
        airing(
            compile_job=failed(EARLY, CHAIN[-1]),
            readiness="at_risk",
            alarms=frozenset({("audio_missing", None)}),
        ),
        EARLY + MINUTE,
        [rules.Compile(1, CHAIN[-1], "failed")],
    ),
    (
        "and not before",
        airing(
            compile_job=failed(EARLY, CHAIN[-1]),
            readiness="at_risk",
            alarms=frozenset({("audio_missing", None)}),
        ),
        EARLY + MINUTE * 0.9,
        [],
    ),
    ("rendered", airing(state="compiled", rundown=rundown()), EARLY, [rules.Render(1, 1, MP3)]),
    (
        "a finished render is taken",
        airing(state="compiled", rundown=rundown(render_jobs={MP3: DONE})),
        EARLY,
        [rules.TakeArtefact(1, 1, MP3, 7)],
    ),
    (
        "one encoding that fails takes nothing from the feeds of another, and people are told",
        airing(**TWO, rundown=FAILING),
        EARLY + MINUTE * 0.9,
        [RAISE("render_failing", 1, 1), RISK(1, "at_risk")],
    ),
    ("and is tried again a minute later", airing(**TWO, **NO_MP3, rundown=FAILING), EARLY + MINUTE, [rules.Render(1, 1, MP3)]),
    (
        "and then after longer pauses",
        airing(
            **TWO, **NO_MP3, rundown=replace(FAILING, render_jobs={MP3: failed(EARLY, since=EARLY - MINUTE * 6)})
        ),
        EARLY + MINUTE * 2.9,
        [],
    ),
    (
        "half as long as it has been failing",
        airing(
            **TWO, **NO_MP3, rundown=replace(FAILING, render_jobs={MP3: failed(EARLY, since=EARLY - MINUTE * 6)})
        ),
        EARLY + MINUTE * 3,
        [rules.Render(1, 1, MP3)],
    ),
    (
        "its alarm stays while it is tried again",
        airing(**TWO, **NO_MP3, rundown=replace(FAILING, render_jobs={MP3: replace(RUNNING, faltered=True)})),
        EARLY + MINUTE,
        [],
    ),
    (
        "and goes when it works",
        airing(
            **TWO | {"state": "armed", "handoffs": (handoff("due"), handoff("due", feed_id=2))},
            **NO_MP3,
            armed_version=1,
            rundown=rundown(rendered=frozenset({WAV, MP3}), render_jobs={MP3: replace(DONE, faltered=True)}),
        ),
        EARLY + MINUTE,
        [CLEAR("render_failing", 1, 1), RISK(1, "ok")],
    ),
    ("a stand-in does not climb back at once", on_standby(), EARLY + MINUTE * 0.9, []),
    ("what fell is rendered on trial", on_standby(), EARLY + MINUTE, [rules.Render(1, 1, MP3)]),
    (
        "but not before the stand-in itself is rendered",
        on_standby(rundown=replace(STAND_IN, rendered=frozenset(), render_jobs={MP3: RUNNING}), handoffs=()),
        EARLY + MINUTE,
        [],
    ),
    (
        "a trial that worked is taken",
        on_standby(fallen=replace(FELL, render_jobs={MP3: DONE})),
        EARLY + MINUTE,
        [rules.TakeArtefact(1, 1, MP3, 7)],
    ),
    (
        "and then the airing climbs back",
        on_standby(fallen=RENDERED),
        EARLY + MINUTE,
        [rules.Compile(1, "programme", "recovered")],
    ),
    (
        "where the compile itself broke there is nothing to try but the compile",
        on_standby(fallen=None),
        EARLY + MINUTE,
        [rules.Compile(1, "programme", "recovered")],
    ),
    (
        "and when it breaks again the stand-in stays",
        on_standby(fallen=None, compile_job=replace(failed(EARLY), cause="recovered")),
        EARLY + MINUTE,
        [rules.Compile(1, "programme", "recovered")],
    ),
    ("no climbing after the site closed", on_standby(), CLOSED_SITE, []),
    (
        "a stand-by that a person wanted stays",
        on_standby(rundown=replace(STAND_IN, cause="requested"), fallen=None),
        EARLY + MINUTE,
        [],
    ),
    (
        "a broken compile takes no good version from the sites",
        ready(handoff("verified"), compile_job=replace(failed(EARLY), cause="requested")),
        EARLY + MINUTE * 0.9,
        [RAISE("audio_missing", 1), RISK(1, "at_risk")],
    ),
    (
        "what a feed wants otherwise is given to it anew",
        ready(handoff("verified", outdated=True)),
        EARLY,
        [rules.Amend(11)],
    ),
    (
        "as soon as it is rendered, and is not sent as it was",
        ready(
            handoff("due", outdated=True), targets=(target(1, WAV),), rundown=replace(RENDERED, render_jobs={WAV: RUNNING})
        ),
        DELIVER,
        [],
    ),
    (
        "meanwhile the deadline counts",
        ready(handoff("verified", outdated=True, in_flight=True)),
        WARN,
        [RAISE("deadline_near", 1, 1), RISK(1, "at_risk")],
    ),
    ("but not after the site closed", ready(handoff("verified", outdated=True, rechecked_at=DEADLINE)), CLOSED_SITE, []),
    (
        "what cannot be rendered is replaced by the stand-by",
        airing(state="compiled", rundown=rundown(render_jobs={MP3: failed()})),
        EARLY,
        [rules.Compile(1, "standby", "failed")],
    ),
    (
        "handed over and armed as soon as it is rendered",
        airing(state="compiled", rundown=RENDERED),
        EARLY,
        [rules.SetState(1, "rendered"), rules.HandOver(1, 1, 1), rules.Arm(1, 1)],
    ),
    ("not sent before its time", ready(handoff()), DELIVER - MINUTE, []),
    ("sent when it is time", ready(handoff()), DELIVER, [rules.Send(11)]),
    ("one attempt at a time", ready(handoff("sending", in_flight=True)), DELIVER, []),
    ("after a crash the site is looked at at once", ready(handoff("sending")), EARLY, [rules.Send(11)]),
    (
        "a warning before the deadline",
        ready(handoff("sending", in_flight=True)),
        WARN,
        [RAISE("deadline_near", 1, 1), RISK(1, "at_risk")],
    ),
    (
        "late, but the site still accepts",
        ready(handoff()),
        LATE,
        [rules.Send(11), RAISE("deadline_missed", 1, 1), RISK(1, "at_risk")],
    ),
    (
        "the site accepts no more",
        ready(handoff(), readiness="at_risk", alarms=frozenset({("deadline_missed", 1)})),
        CLOSED_SITE,
        [rules.GiveUp(11), RISK(1, "failed")],
    ),
    (
        "started after the site closed: nothing is compiled any more, and people are told",
        airing(),
        CLOSED_SITE,
        [RAISE("deadline_missed", 1, 1), RISK(1, "failed")],
    ),
    (
        "what arrived clears its alarms",
        ready(handoff("verified"), readiness="at_risk", alarms=frozenset({("deadline_near", 1)})),
        WARN,
        [CLEAR("deadline_near", 1, 1), RISK(1, "ok")],
    ),
    ("looked at once more at the deadline", ready(handoff("verified")), DEADLINE, [rules.Recheck(11)]),
    ("once is enough", ready(handoff("verified", rechecked_at=DEADLINE)), LATE, []),
    ("what came late is not looked at again", ready(handoff("verified", verified_at=LATE)), LATE, []),
    (
        "a site that could not be asked is asked again later",
        ready(handoff("verified", next_attempt_at=LATE)),
        DEADLINE,
        [],
    ),
    (
        "withdrawn while a site still accepts: a new version",
        ready(handoff("verified", withdrawn=True), rundown=WITHDRAWN),
        EARLY,
        [rules.Compile(1, "programme", "withdrawn")],
    ),
    (
        "an announcement that says something else now: a new version",
        ready(handoff("verified", withdrawn=True), rundown=REWORDED),
        EARLY,
        [rules.Compile(1, "programme", "reworded")],
    ),
    (
        "an announcement that could not be made is told, and the programme goes on without it",
        ready(handoff("verified"), rundown=UNSPOKEN),
        EARLY,
        [RAISE("announcement_missing", 1)],
    ),
    (
        "when it can be made at last: a new version, and the one that lacks it is delivered all the same",
        ready(rundown=replace(UNSPOKEN, reworded=True), alarms=frozenset({("announcement_missing", None)})),
        EARLY,
        [rules.Compile(1, "programme", "reworded"), rules.HandOver(1, 1, 1)],
    ),
    (
        "and once it is made that is over",
        ready(handoff("verified"), alarms=frozenset({("announcement_missing", None)})),
        EARLY,
        [CLEAR("announcement_missing", 1)],
    ),
    (
        "withdrawn after it closed: an alarm that names the feed",
        ready(handoff("verified", withdrawn=True, rechecked_at=DEADLINE), rundown=WITHDRAWN),
        CLOSED_SITE,
        [RAISE("deadline_missed", 1, 1), RAISE("withdrawn_after_delivery", 1, 1), RISK(1, "at_risk")],
    ),
    (
        "and it stays although a newer version was made that came too late for it",
        ready(
            handoff("verified", withdrawn=True, rechecked_at=DEADLINE),
            rundown=V2_LATE,
            armed_version=2,
            readiness="at_risk",
            alarms=frozenset({("deadline_missed", 1), ("withdrawn_after_delivery", 1)}),
        ),
        CLOSED_SITE,
        [],
    ),
    (
        "an older version goes when a newer one takes its place",
        ready(handoff("due"), handoff("due", 2), rundown=V2_LATE, armed_version=2),
        EARLY,
        [rules.Supersede(11)],
    ),
    (
        "what lies at the site stays until the newer one does",
        ready(handoff("verified"), handoff("due", 2), rundown=V2_LATE, armed_version=2),
        DELIVER,
        [rules.Send(12)],
    ),
    (
        "a newer version waits for the attempt that is under way",
        ready(
            handoff("sending", in_flight=True), handoff("due", 2), rundown=V2_LATE, armed_version=2
        ),
        DELIVER,
        [],
    ),
    (
        "a feed that was taken off the line gets nothing more",
        ready(handoff("due", feed_id=2), handoff("verified")),
        DELIVER,
        [],
    ),
    (
        "a feed whose row cannot be read does not hold up the others",
        ready(handoff("due"), targets=(target(), target(2, None))),
        DELIVER,
        [rules.Send(11)],
    ),
    (
        "asked for again",
        ready(handoff("verified"), intents=(WISH,)),
        DELIVER,
        [rules.Compile(1, "programme", "requested", 5)],
    ),
    (
        "the newest wish counts",
        ready(handoff("verified"), intents=(WISH, STANDBY)),
        DELIVER,
        [rules.Refuse(5, "a newer request took its place"), rules.Compile(1, "standby", "requested", 6)],
    ),
    (
        "too late to wish",
        ready(handoff("verified", rechecked_at=DEADLINE), intents=(WISH,)),
        CLOSED_SITE,
        [rules.Refuse(5, "no site takes a new version of this airing any more")],
    ),
    (
        "tried again when a person says so",
        ready(handoff("failed"), intents=(RETRY,), readiness="at_risk"),
        DELIVER,
        [rules.Retry(11, 8)],
    ),
    (
        "but not what has a newer version",
        ready(
            handoff("superseded"), handoff("verified", 2), rundown=V2_LATE, armed_version=2, intents=(RETRY,)
        ),
        DELIVER,
        [rules.Refuse(8, "a newer version took its place")],
    ),
    (
        "told again when half of the time is gone",
        ready(handoff(next_attempt_at=DEADLINE), readiness="at_risk", alarms=NEAR),
        WARN + (DEADLINE - WARN) / 2,
        [rules.Escalate("deadline_near", 1, 1, 1)],
    ),
    (
        "once",
        ready(handoff(next_attempt_at=DEADLINE), readiness="at_risk", alarms=NEAR, steps={("deadline_near", 1): 1}),
        WARN + (DEADLINE - WARN) * 0.7,
        [],
    ),
    (
        "and again when the site is about to close",
        ready(handoff(next_attempt_at=ACCEPT), **LATE_AND_TOLD | {"steps": {("deadline_missed", 1): 1}}),
        DEADLINE + (ACCEPT - DEADLINE) * 0.75,
        [rules.Escalate("deadline_missed", 1, 1, 2)],
    ),
    ("held when a person says so", ready(handoff(), intents=(HOLD,)), BEFORE, [rules.Hold(11, 3)]),
    ("what is held is not sent", ready(handoff(held=True)), DELIVER, []),
    (
        "and is given up when the site closes",
        ready(handoff(held=True), **LATE_AND_TOLD),
        CLOSED_SITE,
        [rules.GiveUp(11), RISK(1, "failed")],
    ),
    ("sent now, before its time", ready(handoff(), intents=(SEND,)), BEFORE, [rules.Retry(11, 2)]),
    (
        "brought by hand after the site has closed",
        ready(handoff("failed"), intents=(BY_HAND,), **LATE_AND_TOLD | {"readiness": "failed"}),
        CLOSED_SITE,
        [rules.RecordByHand(11, 4)],
    ),
    (
        "not what the site has shown us",
        ready(handoff("verified"), intents=(BY_HAND, HOLD)),
        DELIVER,
        [
            rules.Refuse(4, "it is verified: there is nothing to bring"),
            rules.Refuse(3, "it is verified: there is nothing to hold"),
        ],
    ),
    ("nobody interferes with an attempt", ready(handoff("sending", in_flight=True), intents=(HOLD,)), DELIVER, []),
    ("the second route waits", ready(handoff("sending", in_flight=True), targets=IN_ORDER), DELIVER, []),
    (
        "until the first is in trouble",
        ready(handoff(troubled=True, next_attempt_at=DEADLINE), targets=IN_ORDER),
        DELIVER,
        [rules.HandOver(1, 1, 2)],
    ),
    (
        "or near its deadline",
        ready(handoff(next_attempt_at=DEADLINE), targets=IN_ORDER),
        WARN,
        [rules.HandOver(1, 1, 2), RAISE("deadline_near", 1, 1), RISK(1, "at_risk")],
    ),
    ("not once the first has it", ready(handoff("verified"), targets=IN_ORDER), WARN, []),
    ("both at once", ready(handoff("verified"), targets=BOTH), DELIVER, [rules.HandOver(1, 1, 2)]),
    (
        "what the second route has is where it should be",
        ready(handoff("failed"), handoff("verified", feed_id=2, rechecked_at=DEADLINE), targets=IN_ORDER),
        LATE,
        [],
    ),
    (
        "and a newer version goes over both, or the older would stay there",
        ready(
            handoff("verified", 2), handoff("verified", 1, feed_id=2), targets=IN_ORDER, rundown=V2_LATE, armed_version=2
        ),
        DELIVER,
        [rules.HandOver(1, 2, 2)],
    ),
    ("a folder is looked into at the warning", ready(handoff("verified"), targets=seen()), WARN, [LOOK]),
    ("and not before", ready(handoff("verified"), targets=seen()), DELIVER, []),
    ("once", ready(handoff("verified"), targets=seen(WARN)), WARN + MINUTE, []),
    (
        "and at the deadline again",
        ready(handoff("verified", rechecked_at=DEADLINE), targets=seen(WARN)),
        DEADLINE,
        [LOOK],
    ),
    (
        "and every five minutes while something is wrong",
        ready(handoff("verified"), targets=seen(WARN, found_wrong=True)),
        WARN + MINUTE * 5,
        [LOOK],
    ),
    ("one look at a time", ready(handoff("verified"), targets=seen(looking=True)), WARN, []),
    ("called off", ready(handoff(), intents=(IntentView(9, "cancel"),)), DELIVER, [rules.Cancel(1, 9)]),
    (
        "on the air",
        ready(handoff("verified", rechecked_at=DEADLINE)),
        START,
        [rules.SetState(1, "on_air")],
    ),
    (
        "not on the air where nothing was delivered",
        ready(handoff("failed"), readiness="failed", alarms=frozenset({("deadline_missed", 1)})),
        ON_AIR,
        [],
    ),
    ("over", ready(handoff(), intents=(IntentView(9, "cancel"), WISH)), STOP, [rules.Close(1)]),
    (
        "no feed at all is missing audio",
        airing(targets=(), state="armed", armed_version=1, rundown=RENDERED),
        DELIVER,
        [RAISE("audio_missing", 1), RISK(1, "at_risk")],
    ),
    (
        "the stand-by is on its way: people must know",
        ready(
            handoff("verified"), rundown=rundown(level="standby", rendered=frozenset({MP3})), readiness="ok"
        ),
        DELIVER,
        [RAISE("audio_missing", 1), RISK(1, "at_risk")],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("one", "now", "wanted"), [case[1:] for case in RULES], ids=[c[0] for c in RULES])
def test_the_rules_of_the_station(one: AiringView, now: datetime, wanted: list[Action]) -> None:
    assert list(asked(one, now)) == wanted


def test_airings_are_made_ahead_and_follow_their_slots() -> None:
    horizon = timedelta(hours=48)
    for known in (None, START, START + horizon):
        (made,) = plan(Snapshot((), known, horizon), START).actions
        assert isinstance(made, rules.Materialise)
        assert made.until > START + horizon
    quiet = plan(Snapshot((), START + horizon + MINUTE, horizon), START)
    assert (quiet.actions, quiet.next_at) == ((), START + MINUTE)
    changed = Snapshot((), START + horizon + MINUTE, horizon, slots_changed=True)
    assert plan(changed, START).actions == (rules.Materialise(START + horizon + MINUTE),)


# --- what must hold for every snapshot -------------------------------------------------------------------------

INSTANTS = st.integers(-400, 60).map(lambda minutes: START + MINUTE * minutes)
RECIPES = st.sampled_from([MP3, WAV])
CAUSES: st.SearchStrategy[Cause] = st.sampled_from(
    ["resting", "first", "requested", "withdrawn", "failed", "recovered"]
)


@st.composite
def jobs(draw: st.DrawFn) -> JobView:
    state = draw(st.sampled_from(["queued", "running", "done", "failed"]))
    ended = draw(INSTANTS) if state in ("done", "failed") else None
    level, cause = draw(st.sampled_from(CHAIN)), draw(CAUSES)
    return JobView(
        draw(st.integers(1, 9)), state, ended, level, cause, draw(INSTANTS), faltered=draw(st.booleans())
    )


@st.composite
def rundowns(draw: st.DrawFn, version: int) -> RundownView:
    return rundown(
        version,
        draw(st.sampled_from(CHAIN)),
        cause=draw(CAUSES),
        compiled_at=draw(INSTANTS),
        withdrawn=draw(st.booleans()),
        rendered=draw(st.frozensets(RECIPES)),
        render_jobs=draw(st.dictionaries(RECIPES, jobs())),
    )


@st.composite
def targets(draw: st.DrawFn, feed_id: int, feeds: Sequence[int]) -> TargetView:
    others = [each for each in feeds if each != feed_id]
    deadline = draw(st.integers(0, 60))
    lead = draw(st.integers(0, 90))
    return target(
        feed_id,
        draw(st.none() | RECIPES),
        deliver_at=START - MINUTE * (deadline + lead),
        warn_at=START - MINUTE * (deadline + draw(st.integers(0, lead))),
        deadline_at=START - MINUTE * deadline,
        accept_until=START - MINUTE * draw(st.integers(0, deadline)),
        second_route_of=draw(st.none() | st.sampled_from(others)) if others else None,
        always=draw(st.booleans()),
        can_look=draw(st.booleans()),
        looking=draw(st.booleans()),
        looked_at=draw(st.none() | INSTANTS),
        found_wrong=draw(st.booleans()),
    )


@st.composite
def handoffs(draw: st.DrawFn, feed_id: int, version: int) -> HandoffView:
    state = draw(
        st.sampled_from(["due", "sending", "stored", "verified", "failed", "superseded", "cancelled"])
    )
    return handoff(
        state,
        version,
        feed_id,
        next_attempt_at=draw(INSTANTS),
        verified_at=draw(INSTANTS) if state == "verified" else None,
        rechecked_at=draw(st.none() | INSTANTS),
        in_flight=state == "sending" and draw(st.booleans()),
        withdrawn=draw(st.booleans()),
        outdated=draw(st.booleans()),
        held=draw(st.booleans()),
        troubled=draw(st.booleans()),
    )


@st.composite
def airings(draw: st.DrawFn) -> AiringView:
    feeds = draw(st.lists(st.integers(1, 3), unique=True, max_size=3))
    version = draw(st.integers(0, 3))
    newest = draw(rundowns(version)) if version else None
    fallen = newest and newest.cause == "failed" and version > 1
    known = draw(st.sets(st.tuples(st.integers(1, 3), st.integers(1, version)))) if version else set()
    kinds = st.sampled_from(["compile", "standby", "cancel", "retry", "send", "hold", "manual"])
    alarms = st.tuples(st.sampled_from(sorted(WATCHED)), st.none() | st.integers(1, 3))
    return airing(
        state=draw(st.sampled_from(["planned", "compiled", "rendered", "armed", "on_air"])),
        readiness=draw(st.sampled_from(["ok", "at_risk", "failed"])),
        version=version,
        armed_version=draw(st.integers(0, version)),
        compile_at=draw(INSTANTS),
        targets=tuple(draw(targets(feed, feeds)) for feed in feeds),
        rundown=newest,
        fallen=draw(st.none() | rundowns(version - 1)) if fallen else None,
        compile_job=draw(st.none() | jobs()),
        handoffs=tuple(draw(handoffs(feed, number)) for feed, number in sorted(known)),
        intents=tuple(
            IntentView(number, draw(kinds), draw(st.none() | st.integers(11, 33)))
            for number in range(draw(st.integers(0, 2)))
        ),
        alarms=draw(st.frozensets(alarms, max_size=3)),
        steps=draw(st.dictionaries(alarms, st.integers(0, 2), max_size=3)),
    )


@given(airings(), INSTANTS)
def test_the_same_question_has_the_same_answer(one: AiringView, now: datetime) -> None:
    assert planned(one, now) == planned(one, now)


@given(airings(), INSTANTS, st.data())
def test_nothing_becomes_due_before_the_next_instant(
    one: AiringView, now: datetime, data: st.DataObject
) -> None:
    first = planned(one, now)
    if first.next_at is None:
        later = now + timedelta(days=400)
        moments = st.datetimes(now.replace(tzinfo=None), later.replace(tzinfo=None))
    else:
        assert first.next_at > now
        last = first.next_at - timedelta(microseconds=1)
        moments = st.datetimes(now.replace(tzinfo=None), last.replace(tzinfo=None))
    between = data.draw(moments).replace(tzinfo=UTC)
    assert asked(one, between) == first.actions


@given(airings(), INSTANTS)
def test_what_no_plan_may_ask_for(one: AiringView, now: datetime) -> None:
    check(one, asked(one, now), now)


def check(one: AiringView, actions: tuple[Action, ...], now: datetime) -> None:
    if now >= one.stops_at:
        assert actions == (rules.Close(one.id),)
        return
    of = {each.id: each for each in one.handoffs}
    newest = {
        each.feed_id: max(h.version for h in one.handoffs if h.feed_id == each.feed_id)
        for each in of.values()
    }
    for action in actions:
        if isinstance(action, rules.Compile | rules.TakeRundown):
            assert one.compile_job is None or not one.compile_job.running
        if isinstance(action, rules.Send | rules.Recheck):
            sent = of[action.handoff_id]
            assert sent.version == newest[sent.feed_id]
            assert not any(each.in_flight for each in one.handoffs if each.feed_id == sent.feed_id)
            assert now < sent.accept_until
        if isinstance(action, rules.GiveUp | rules.Supersede | rules.Retry | rules.Amend):
            assert not of[action.handoff_id].in_flight
        if isinstance(action, rules.HandOver):
            assert not one.rundown or not one.rundown.withdrawn
            assert (action.feed_id, action.version) not in {(h.feed_id, h.version) for h in one.handoffs}
        if isinstance(action, rules.Raise):
            assert (action.kind, action.feed_id) not in one.alarms
        if isinstance(action, rules.Clear):
            assert (action.kind, action.feed_id) in one.alarms
    assert len(actions) == len(set(actions))


# --- a toy station that does what it is told -------------------------------------------------------------------


@dataclass
class ToyStation:
    """Applies actions to one airing, with workers and sites that behave as ``chance`` draws."""

    one: AiringView
    chance: st.DataObject
    sent_at: dict[int, datetime] = field(default_factory=dict)
    job_id: int = 0
    now: datetime = START

    def draw(self, *choices: str) -> str:
        return self.chance.draw(st.sampled_from(choices))

    def apply(self, action: Action, now: datetime) -> None:
        self.now = now
        change = {
            rules.Compile: self.compile,
            rules.TakeRundown: self.take_rundown,
            rules.Render: self.render,
            rules.TakeArtefact: self.take_artefact,
            rules.HandOver: self.hand_over,
            rules.Send: self.send,
            rules.Recheck: self.recheck,
        }
        if type(action) in change:
            change[type(action)](action, now)
            return
        match action:
            case rules.GiveUp(number):
                self.hand(number, state="failed")
            case rules.Supersede(number):
                self.hand(number, state="superseded")
            case rules.Refuse(number, _):
                self.carried_out(number)
            case _:
                self.note(action)

    def note(self, action: Action) -> None:
        match action:
            case rules.Arm(_, version):
                self.set(armed_version=version, state="armed")
            case rules.SetState(_, state):
                self.set(state=state)
            case rules.SetReadiness(_, readiness):
                self.set(readiness=readiness)
            case rules.Close(_):
                delivered = any(each.state in DELIVERED for each in self.one.handoffs)
                self.set(state="done" if delivered else "missed")
            case rules.Escalate(kind, _, feed, step):
                self.set(steps={**self.one.steps, (kind, feed): step})
            case rules.LookInto(_, feed):
                self.look(feed)
            case rules.Raise(kind, _, feed):
                self.set(alarms=self.one.alarms | {(kind, feed)})
            case rules.Clear(kind, _, feed):
                self.set(alarms=self.one.alarms - {(kind, feed)})
            case _:
                raise AssertionError(action)

    def look(self, feed_id: int) -> None:
        wrong = self.draw("right", "right", "wrong") == "wrong"
        self.set(
            targets=tuple(
                replace(each, looked_at=self.now, found_wrong=wrong) if each.feed_id == feed_id else each
                for each in self.one.targets
            )
        )

    def set(self, **changes: Any) -> None:
        self.one = replace(self.one, **changes)

    def hand(self, number: int, **changes: Any) -> None:
        rows = (replace(each, **changes) if each.id == number else each for each in self.one.handoffs)
        self.set(handoffs=tuple(rows))

    def carried_out(self, number: int | None) -> None:
        self.set(intents=tuple(each for each in self.one.intents if each.id != number))

    def job(
        self, now: datetime, before: JobView | None, level: str = CHAIN[0], cause: Cause = "first"
    ) -> JobView:
        self.job_id += 1
        state = self.draw("done", "done", "failed")
        asked_at = before.asked_at if before else now
        return JobView(self.job_id, state, now, level, cause, asked_at, faltered=state == "failed")

    def compile(self, action: Any, now: datetime) -> None:
        self.set(compile_job=self.job(now, self.one.compile_job, action.level, action.cause))
        self.carried_out(action.intent_id)

    def take_rundown(self, action: Any, now: datetime) -> None:
        job, before = self.one.compile_job, self.one.rundown
        assert job is not None
        version = self.one.version + 1
        state = "on_air" if self.one.state == "on_air" else "compiled"
        fresh = rundown(version, job.level, cause=job.cause, compiled_at=now)
        fallen = (
            (before if before and before.cause != "failed" else self.one.fallen)
            if job.cause == "failed"
            else None
        )
        self.set(version=version, rundown=fresh, fallen=fallen, compile_job=None, state=state)

    def change(self, version: int, how: Callable[[RundownView], RundownView]) -> None:
        """Change the newest version or the one that it stands in for."""
        for name in ("rundown", "fallen"):
            row = getattr(self.one, name)
            if row is not None and row.version == version:
                self.set(**{name: how(row)})

    def render(self, action: Any, now: datetime) -> None:
        def rendered(row: RundownView) -> RundownView:
            job = self.job(now, row.render_jobs.get(action.recipe))
            return replace(row, render_jobs=row.render_jobs | {action.recipe: job})

        self.change(action.version, rendered)

    def take_artefact(self, action: Any, now: datetime) -> None:
        self.change(action.version, lambda row: replace(row, rendered=row.rendered | {action.recipe}))

    def hand_over(self, action: Any, now: datetime) -> None:
        wanted = next(each for each in self.one.targets if each.feed_id == action.feed_id)
        fresh = handoff(
            "due",
            action.version,
            action.feed_id,
            next_attempt_at=max(wanted.deliver_at, now),
            deadline_at=wanted.deadline_at,
            accept_until=wanted.accept_until,
        )
        self.set(handoffs=(*self.one.handoffs, fresh))

    def send(self, action: Any, now: datetime) -> None:
        match self.draw("verified", "stored", "passing", "permanent"):
            case "verified":
                self.hand(action.handoff_id, state="verified", verified_at=now)
            case "stored":
                self.hand(action.handoff_id, state="stored")
            case "permanent":
                self.hand(action.handoff_id, state="failed")
            case _:
                self.hand(action.handoff_id, state="due", next_attempt_at=now + timedelta(seconds=20))

    def recheck(self, action: Any, now: datetime) -> None:
        match self.draw("present", "lost", "silent"):
            case "present":
                self.hand(action.handoff_id, rechecked_at=now)
            case "lost":
                self.hand(action.handoff_id, state="due", rechecked_at=now, next_attempt_at=now)
            case _:
                self.hand(action.handoff_id, next_attempt_at=now + timedelta(seconds=20))


@given(st.integers(-400, 29), st.lists(st.sampled_from([MP3, WAV]), min_size=1, max_size=2), st.data())
def test_every_night_comes_to_rest_and_to_its_end(
    started: int, wanted: list[str], data: st.DataObject
) -> None:
    """Wherever the engine is started, with whatever luck: it always ends, as done or as missed."""
    feeds = tuple(
        target(number + 1, recipe, can_look=data.draw(st.booleans())) for number, recipe in enumerate(wanted)
    )
    intents = (WISH,) if data.draw(st.booleans()) else ()
    station = ToyStation(airing(targets=feeds, intents=intents), data)
    now = START + MINUTE * started
    for _ in range(2000):
        current = planned(station.one, now)
        check(station.one, current.actions, now)
        for action in current.actions:
            station.apply(action, now)
        if station.one.state in CLOSED:
            break
        if not current.actions:
            assert current.next_at is not None, "it waits for nothing and is not over"
            now = current.next_at
    assert station.one.state in ("done", "missed")
    assert now == max(STOP, START + MINUTE * started)
    arrived = any(each.state in DELIVERED for each in station.one.handoffs)
    assert (station.one.state == "done") == arrived
    assert not station.one.intents
    for feed in feeds:
        ours = [each for each in station.one.handoffs if each.feed_id == feed.feed_id]
        newest = max((each.version for each in ours), default=0)
        there = [each.version for each in ours if each.state in DELIVERED]
        assert len(there) <= 1, "one final object at a site"
        if newest and there != [newest] and station.one.rundown and newest == station.one.rundown.version:
            assert ("deadline_missed", feed.feed_id) in station.one.alarms
