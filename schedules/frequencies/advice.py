"""Which frequency instead: the alternatives of a slot that is jammed or failing, ranked, each with its reasons.

The rule is a list of questions in order of weight. Of two alternatives the one comes first that has the better answer to the
first question on which they differ; nothing is added up, so that the order can be told in a sentence. The questions:

    1. possible      can it be transmitted at all (no conflict that is an error)?
    2. jammers       does it keep clear of the known jammers?
    3. failing       do listeners not report, of late, that it fails?
    4. cleared       is it cleared? If not: does it lie in a broadcasting band?
    5. co-channel    is it free of serious conflicts with other stations?
    6. signal        how good is the predicted signal in the slot's worst hour?
    7. neighbours    for how many minutes do lesser and serious conflicts bite?
    8. heard         do listeners report, of late, that it is heard well?
    9. reliability   on how many days of the month does the signal suffice, on the average of the slot's hours?

and then the lower frequency. Jammers come before clearance because a cleared frequency under a jammer is no way out, and
a clearance can be asked for. Bad reports come before the prediction, which knows of no jammer; good ones come after it,
because they are few, and mostly from elsewhere. A person decides: what ranks last is shown too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from schedules.frequencies.propagation import Signal
from schedules.said import Said, Value, say

ON_CHANNEL_KHZ: Final = 5
"""A signal is some 10 kHz wide, 5 on both sides of its carrier: a jammer nearer than that sits on it."""

OVERLAP_KHZ: Final = 10
"""Two signals nearer than that overlap in part."""

RECENT_DAYS: Final = 21
"""Older reports say nothing of the jammer, which catches up with a frequency within two or three weeks."""

LEAST_REPORTS: Final = 2
"""One report may be of one bad aerial."""

FAILING_OVERALL: Final = 2.5
"""Overall merit O of SINPO: 1 is useless, 2 poor, 3 fair, 4 good, 5 excellent. Below this mean it fails."""

HEARD_WELL_OVERALL: Final = 3.0

ERROR, SERIOUS, LESSER, INFORMATION = 3, 2, 1, 0
"""Severities: cannot be transmitted; co-channel in a shared zone; beside us in one; only to be known."""


@dataclass(frozen=True, slots=True)
class ConflictCount:
    """The conflicts of one level that an alternative would have: the check's name for it, its severity, minutes in a week."""

    level: str
    severity: int
    minutes: int


@dataclass(frozen=True, slots=True)
class Jammer:
    """A frequency that is known to be jammed at the slot's hours, and from where."""

    khz: float
    site: str


@dataclass(frozen=True, slots=True)
class Reports:
    """Reception reports of a frequency: how many, how many days old the newest is, the mean O of SINPO (1 to 5)."""

    count: int
    newest_days: int
    mean_overall: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """A frequency that the slot could use, and what is known of it.

    `signals` are those of the slot's hours, none where nothing was predicted; `reports` is None where there are none.
    """

    khz: float
    is_cleared: bool
    in_band: bool
    signals: Sequence[Signal] = ()
    conflicts: Sequence[ConflictCount] = ()
    reports: Reports | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """The answer to one question: the lower the score, the better."""

    question: str
    score: float
    reason: Said


@dataclass(frozen=True, slots=True)
class Advice:
    """One alternative at its place, 1 being the best; `decided_by` is the question on which it falls behind the one before it.

    None where it is the first, or where only the lower frequency decided.
    """

    place: int
    alternative: Alternative
    parts: tuple[Part, ...]
    decided_by: str | None

    @property
    def reasons(self) -> tuple[Said, ...]:
        """In the order of the questions; what answers two of them is told once."""
        return tuple({part.reason.code: part.reason for part in self.parts}.values())


def advise(alternatives: Iterable[Alternative], jammers: Sequence[Jammer] = ()) -> list[Advice]:
    """All alternatives, the best first. The same values give the same order, in whatever order they come."""
    asked = [(one, _parts(one, jammers)) for one in alternatives]
    asked.sort(key=lambda pair: ([part.score for part in pair[1]], pair[0].khz))
    advice: list[Advice] = []
    for place, (one, parts) in enumerate(asked, 1):
        decided = _first_difference(advice[-1].parts, parts) if advice else None
        advice.append(Advice(place, one, parts, decided))
    return advice


def free_channels(
    bands: Iterable[tuple[float, float]],
    taken_khz: Iterable[float],
    *,
    step_khz: int = 5,
    apart_khz: float = OVERLAP_KHZ,
) -> list[float]:
    """The channels of these bands (lowest and highest kHz) that are at least so far from everything that is taken.

    Channels are multiples of the step (HFCC coordinates on multiples of 5 kHz), half a channel inside the band's edges.
    """
    taken = sorted(set(taken_khz))
    return [
        khz
        for low, high in sorted(bands)
        for khz in _multiples(low + ON_CHANNEL_KHZ, high - ON_CHANNEL_KHZ, step_khz)
        if all(abs(khz - other) >= apart_khz for other in taken)
    ]


def _multiples(low: float, high: float, step: int) -> Iterator[float]:
    khz = -(-low // step) * step
    while khz <= high:
        yield float(khz)
        khz += step


def _first_difference(before: Sequence[Part], after: Sequence[Part]) -> str | None:
    return next(
        (mine.question for other, mine in zip(before, after, strict=True) if other.score != mine.score),
        None,
    )


def _parts(one: Alternative, jammers: Sequence[Jammer]) -> tuple[Part, ...]:
    answers = (
        ("possible", _possible(one)),
        ("jammers", _jammers(one, jammers)),
        ("failing", _failing(one)),
        ("cleared", _cleared(one)),
        ("co-channel", _co_channel(one)),
        ("signal", _signal(one)),
        ("neighbours", _neighbours(one)),
        ("heard", _heard(one)),
        ("reliability", _reliability(one)),
    )
    return tuple(Part(question, score, reason) for question, (score, reason) in answers)


def _possible(one: Alternative) -> tuple[float, Said]:
    errors = [count for count in one.conflicts if count.severity >= ERROR]
    if not errors:
        return 0, say("possible", "nothing of our own stands in its way")
    worst = max(errors, key=lambda count: (count.severity, count.minutes, count.level))
    text = "cannot be transmitted: {level} for {minutes} minutes a week"
    return 1, say("conflict-error", text, level=worst.level, minutes=worst.minutes)


def _jammers(one: Alternative, jammers: Sequence[Jammer]) -> tuple[float, Said]:
    nearest = min(
        jammers, key=lambda jammer: (abs(jammer.khz - one.khz), jammer.khz, jammer.site), default=None
    )
    if nearest is None:
        return 0, say("no-jammer-known", "no jammer is known at these hours")
    apart = abs(nearest.khz - one.khz)
    told: dict[str, Value] = {
        "khz": f"{nearest.khz:g}",
        "apart": f"{apart:g}",
        "site": nearest.site or "an unknown site",
    }
    if apart < ON_CHANNEL_KHZ:
        return 2, say("jammer-on-channel", "jammed: {site} is on {khz} kHz, {apart} kHz away", **told)
    if apart < OVERLAP_KHZ:
        return 1, say("jammer-beside", "a jammer overlaps: {site} is on {khz} kHz, {apart} kHz away", **told)
    return 0, say(
        "jammers-clear", "clear of jammers: the nearest, {site}, is on {khz} kHz, {apart} kHz away", **told
    )


def _evidence(one: Alternative) -> tuple[Reports | None, Said]:
    """The reports that count as evidence, if any, and what is to be said of all there are."""
    reports = one.reports
    if reports is None or reports.count < 1:
        return None, say("no-evidence", "no evidence: nobody has reported on it")
    told: dict[str, Value] = {
        "count": reports.count,
        "days": reports.newest_days,
        "overall": f"{reports.mean_overall:.1f}",
    }
    if reports.newest_days > RECENT_DAYS:
        return None, say(
            "reports-old", "no recent evidence: the newest of {count} reports is {days} days old", **told
        )
    if reports.count < LEAST_REPORTS:
        return None, say(
            "reports-few", "hardly any evidence: one report, {days} days old, overall {overall}", **told
        )
    text = "{count} reports, the newest {days} days old, overall {overall} of 5"
    if reports.mean_overall < FAILING_OVERALL:
        return reports, say("reports-bad", f"listeners report that it fails: {text}", **told)
    if reports.mean_overall >= HEARD_WELL_OVERALL:
        return reports, say("reports-good", f"listeners hear it: {text}", **told)
    return reports, say("reports-mixed", f"listeners are of two minds: {text}", **told)


def _failing(one: Alternative) -> tuple[float, Said]:
    evidence, reason = _evidence(one)
    return int(evidence is not None and evidence.mean_overall < FAILING_OVERALL), reason


def _heard(one: Alternative) -> tuple[float, Said]:
    evidence, reason = _evidence(one)
    return int(evidence is None or evidence.mean_overall < HEARD_WELL_OVERALL), reason


def _cleared(one: Alternative) -> tuple[float, Said]:
    if one.is_cleared and one.in_band:
        return 0, say("cleared", "cleared")
    if one.is_cleared:
        return 0, say("cleared-out-of-band", "cleared, although outside the broadcasting bands")
    if one.in_band:
        return 1, say("not-cleared", "not cleared: it has to be asked for")
    return 2, say("not-cleared-out-of-band", "not cleared, and outside the broadcasting bands")


def _co_channel(one: Alternative) -> tuple[float, Said]:
    serious = [count for count in one.conflicts if count.severity == SERIOUS and count.minutes > 0]
    if not serious:
        return 0, say("no-serious-conflict", "no other station is on it in our zone")
    minutes = sum(count.minutes for count in serious)
    levels = ", ".join(sorted({count.level for count in serious}))
    return 1, say("serious-conflict", "{levels} for {minutes} minutes a week", levels=levels, minutes=minutes)


def _signal(one: Alternative) -> tuple[float, Said]:
    if not one.signals:
        return 0, say("no-prediction", "no signal was predicted: ranked as if there were none")
    worst = min(signal.band for signal in one.signals)
    text = "predicted {band} in the slot's worst hour ({value} of 5)"
    return -int(worst), say("signal", text, band=worst.name.lower().replace("_", " "), value=int(worst))


def _neighbours(one: Alternative) -> tuple[float, Said]:
    counts = [count for count in one.conflicts if LESSER <= count.severity <= SERIOUS]
    minutes = sum(count.minutes for count in counts)
    if not minutes:
        return 0, say("no-neighbours", "no other station is near it in our zone")
    return minutes, say(
        "neighbours", "other stations on it or beside it for {minutes} minutes a week", minutes=minutes
    )


def _reliability(one: Alternative) -> tuple[float, Said]:
    if not one.signals:
        return 0, say("no-prediction", "no signal was predicted: ranked as if there were none")
    mean = round(sum(signal.reliability_percent for signal in one.signals) / len(one.signals))
    return -mean, say("reliability", "enough signal on {percent} % of the days", percent=mean)
