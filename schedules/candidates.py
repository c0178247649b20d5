"""What a compile is given: the clock, the length, and the approved segments it may use.

And what can be said of those segments alone: which match a pick, which may air when, which comes first.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b

from schedules.clock import Clock
from schedules.elements import ELASTIC_KINDS, Awaited, Order, Pick, Spoken
from schedules.ruler import Ruler
from schedules.rules import Aired
from schedules.rundown import Item, SegmentSource
from schedules.said import Said, say
from schedules.time import Span, samples_to_timedelta, to_kst, to_utc

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An approved segment. Its approved `cut` plays `samples` of a master from the cue-in `first_sample` on.

    It may air from `air_from` (embargo) until `air_until` (expiry), where given. `arrived_at`: when it was delivered.
    """

    segment_id: int
    master_sha256: str
    kind: str
    tags: frozenset[str]
    samples: int
    first_sample: int
    approved_at: datetime
    last_aired_at: datetime | None = None
    air_from: datetime | None = None
    air_until: datetime | None = None
    presenter: str | None = None
    series: str | None = None
    episode: int | None = None
    awaited_as: str | None = None
    awaited_on: date | None = None
    """The awaited element and the broadcast date (KST) for which it was delivered; it airs nowhere else."""
    arrived_at: datetime | None = None
    cut: int = 1

    def __post_init__(self) -> None:
        if self.samples < 1 or self.first_sample < 0:
            raise ValueError(
                f"segment #{self.segment_id} plays {self.samples} samples from {self.first_sample}"
            )
        for name in ("approved_at", "last_aired_at", "air_from", "air_until", "arrived_at"):
            if (instant := getattr(self, name)) is not None:
                object.__setattr__(self, name, to_utc(instant))

    @property
    def source(self) -> SegmentSource:
        """It, as an item of a rundown names it."""
        return SegmentSource(self.segment_id, self.master_sha256, self.cut)

    @property
    def is_elastic(self) -> bool:
        """Whether it may be shortened: music and fillers may, speech never."""
        return self.kind in ELASTIC_KINDS

    def why_not_at(self, start: datetime, samples: int) -> Said | None:
        """Why so many samples of it may not air from this instant on, or None where they may."""
        if self.air_from is not None and start < self.air_from:
            return say(
                "not-before", "it may not air before {from_at:%Y-%m-%d %H:%M} UTC", from_at=self.air_from
            )
        if self.air_until is not None and start + samples_to_timedelta(samples) > self.air_until:
            return say(
                "not-after", "it may not air after {until_at:%Y-%m-%d %H:%M} UTC", until_at=self.air_until
            )
        return None

    def why_not_within(self, span: Span) -> Said | None:
        """Why the whole of it cannot air at any moment of this span, or None where it can at some."""
        start = span.start if self.air_from is None else max(span.start, self.air_from)
        if start > span.end:
            return self.why_not_at(span.start, self.samples)
        return self.why_not_at(start, self.samples)


@dataclass(frozen=True, slots=True)
class Announced:
    """What every `spoken` element with this template says in the airing: `text`, as `sound`.

    `sound` is None where it could not be made, for the reason `why_not`. An `is_estimate` sound is still to be made: it
    has about this length, and no segment yet (id 0).
    """

    template: tuple[str, ...]
    text: str
    sound: Candidate | None
    why_not: Said | None = None
    is_estimate: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """Everything that a compile depends on: the same request gives the same rundown, byte for byte.

    `starts_at` is when the audio begins, `target_samples` its length (on the grid), `interval_signal_samples` one round
    of the interval signal. The seed decides wherever chance does. `history` is what aired before and, where it is
    known already, later in the same night; `repeated` the segments of the airing that is repeated, in their order;
    `kept` the items at the beginning that stay as they are, sample for sample; `announced` what was made for the clock's
    `spoken` elements. `quick`: somebody is waiting, and the search is given up sooner.
    """

    clock: Clock
    starts_at: datetime
    target_samples: int
    grid_samples: int
    candidates: tuple[Candidate, ...]
    interval_signal_samples: int
    seed: int = 0
    history: tuple[Aired, ...] = ()
    repeated: tuple[int, ...] = ()
    kept: tuple[Item, ...] = ()
    quick: bool = False
    announced: tuple[Announced, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "starts_at", to_utc(self.starts_at))
        if self.target_samples < 1 or self.target_samples % self.grid_samples:
            raise ValueError(
                f"{self.target_samples} samples are not a target on a grid of {self.grid_samples}"
            )
        if len({candidate.segment_id for candidate in self.candidates}) < len(self.candidates):
            raise ValueError("the same segment is twice among the candidates")

    @property
    def ruler(self) -> Ruler:
        return Ruler(self.grid_samples, self.target_samples, self.starts_at)

    def announcement_of(self, spoken: Spoken) -> Announced | None:
        """What a `spoken` element says in this airing; None where nobody has tried to make it."""
        return next((one for one in self.announced if one.template == spoken.template), None)

    @property
    def span(self) -> Span:
        return Span(self.starts_at, self.starts_at + samples_to_timedelta(self.target_samples))


def matching(pick: Pick, candidates: Iterable[Candidate], starts_at: datetime) -> list[Candidate]:
    """Those of the pick's kinds with all of its tags that are young enough when the programme starts."""
    tags = frozenset(pick.tags)
    oldest = _NEVER if pick.max_age_days is None else starts_at - timedelta(days=pick.max_age_days)
    return [
        candidate
        for candidate in candidates
        if candidate.kind in pick.kinds and tags <= candidate.tags and candidate.approved_at >= oldest
    ]


def delivered(wanted: Awaited, candidates: Iterable[Candidate], starts_at: datetime) -> list[Candidate]:
    """What came for an awaited element of the airing that starts then, the newest first.

    Where nothing did, and it may be older, what came for the dates before. What came too long ago is left out.
    """
    today = to_kst(starts_at).date()
    oldest = _NEVER if wanted.max_age_h is None else starts_at - timedelta(hours=wanted.max_age_h)
    came = [
        one
        for one in candidates
        if one.awaited_as == wanted.name
        and one.awaited_on is not None
        and (one.arrived_at or oldest) >= oldest
    ]
    ours = [one for one in came if one.awaited_on == today]
    if not ours and wanted.older:
        ours = [one for one in came if one.awaited_on is not None and one.awaited_on < today]
    return sorted(ours, key=lambda one: (one.awaited_on, one.approved_at, one.segment_id), reverse=True)


def due_in(wanted: Awaited, candidates: Sequence[Candidate], span: Span) -> int | None:
    """The segment that an awaited element of an airing should have now: what came, else its substitute, else none."""
    came = deliverable(wanted, candidates, span)
    if came:
        return came[0].segment_id
    known = {one.segment_id for one in candidates}
    return wanted.substitute_id if wanted.substitute_id in known else None


def deliverable(wanted: Awaited, candidates: Iterable[Candidate], span: Span) -> list[Candidate]:
    """What came for an awaited element and could air in this airing at all."""
    came = delivered(wanted, candidates, span.start)
    return [one for one in came if one.why_not_within(span) is None]


def ranked(order: Order, candidates: Iterable[Candidate], starts_at: datetime, seed: int) -> list[Candidate]:
    """Best first. Of two approved together the later id is newer; of two aired together the seed decides.

    Weighted: chance decides, anew for every airing, and what was not heard for twice as long is twice as likely in front.
    """
    if order == "newest":
        return sorted(candidates, key=lambda one: (one.approved_at, one.segment_id), reverse=True)
    if order == "weighted":
        return sorted(candidates, key=lambda one: (_drawn(one, starts_at, seed), one.segment_id))
    return sorted(
        candidates,
        key=lambda one: (one.last_aired_at or _NEVER, _chance(seed, one.segment_id), one.segment_id),
    )


def _drawn(one: Candidate, starts_at: datetime, seed: int) -> float:
    """A draw without replacement by weights (Efraimidis and Spirakis 2006), as its exponential clocks."""
    unheard = starts_at - (one.last_aired_at or one.approved_at - timedelta(days=30))
    days = max(unheard / timedelta(days=1), 0.01)
    chance = (_chance(f"{seed}:{starts_at.isoformat()}", one.segment_id) + 1) / 2**64
    return -math.log(chance) / days


def _chance(seed: int | str, segment_id: int) -> int:
    """Where chance puts a segment: the same on every machine and in every Python, unlike `hash` and `random`."""
    return int.from_bytes(blake2b(f"{seed}:{segment_id}".encode(), digest_size=8).digest(), "big")
