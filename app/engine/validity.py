"""Whether a compiled version still stands: what in it may not air any more, what is said of it that is no longer so, what is new."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal

from sqlmodel import Session, col, select

from app.airings.models import Airing, RundownVersion
from app.announcements.sayings import Truth
from app.database import id_of
from app.library.models import HEARD, Segment
from schedules.elements import Spoken
from schedules.rundown import Rundown, SegmentSource, audio_airs_at
from schedules.snapshot import CHAIN
from schedules.time import samples_to_timedelta


@lru_cache(maxsize=256)
def parsed(body: str) -> Rundown:
    """A stored rundown; bodies never change, so each is read once."""
    return Rundown.from_json(body)


class Library:
    """Segments as they are now, each read once. For one look at the database, as `Truth`."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[int, Segment | None] = {}

    def of(self, ids: Collection[int]) -> Mapping[int, Segment]:
        """Those that there are."""
        if new := set(ids) - self._known.keys():
            rows = self._session.exec(select(Segment).where(col(Segment.id).in_(new))).all()
            self._known |= dict.fromkeys(new) | {id_of(row): row for row in rows}
        return {number: row for number in ids if (row := self._known[number]) is not None}


def why_withdrawn(
    library: Library, rundown: Rundown, airing: Airing, truth: Truth, part: tuple[int, int] | None = None
) -> Literal["withdrawn", "reworded"] | None:
    """Whether some item may no longer air at its time, or the slot has another length than it had.

    ``reworded``: nothing but that an announcement says something else than what is so by now, or by other clips. ``part``:
    the samples [first, last) that a site has: of them alone, and a clip that was recorded again makes nothing untrue there.

    It asks what the compiler asks (`Candidate.why_not_at`), so a rundown compiled a moment ago never fails it.
    """
    if rundown.target_samples != airing.target_samples:
        return "withdrawn"
    first, last = part or (0, rundown.target_samples)
    terms = library.of(rundown.segment_ids(first, last))
    for item in rundown.items:
        if not isinstance(item.source, SegmentSource) or not item.sounds_in(first, last):
            continue
        segment = terms.get(item.source.segment_id)
        start = audio_airs_at(item, airing.starts_at)
        end = start + samples_to_timedelta(item.samples)
        if segment is None or segment.state not in HEARD or segment.approved_cut is None:
            return "withdrawn"
        until = segment.airs_until
        if (segment.air_from and start < segment.air_from) or (until and end > until):
            return "withdrawn"
    for key, spoken in _announced(rundown, terms.values()):
        if not (truth.is_true(airing, spoken) if part else truth.is_newest(airing, key, spoken)):
            return "reworded"
    return None


def renewed_from(
    library: Library,
    rundown: Rundown,
    row: RundownVersion,
    came: Sequence[Mapping[str, object]],
    first: int = 0,
) -> str | None:
    """Where in the chain to begin again because of news: something awaited came, or from sample ``first`` on an item was cut anew.

    ``came``: what may air by now of what it awaits. What could not be used is no news any more. Where a person wants the stand-by, nothing that comes changes that.
    """
    tried = row.level == CHAIN[0] or row.awaited is not None
    if tried and (row.awaited or []) != came:
        return CHAIN[0]
    if was_recut(library, rundown, first, None):
        return CHAIN[0] if tried else row.level
    return None


def was_recut(library: Library, rundown: Rundown, first: int, last: int | None) -> bool:
    """Whether an item in samples [first, last) plays another cut than the one that is approved by now."""
    used = {
        item.source.segment_id: item.source.cut
        for item in rundown.items
        if isinstance(item.source, SegmentSource) and item.sounds_in(first, last)
    }
    newest = {number: segment.approved_cut for number, segment in library.of(used).items()}
    return any(cut is not None and cut != used[number] for number, cut in newest.items())


def _announced(rundown: Rundown, segments: Iterable[Segment]) -> Iterable[tuple[str, dict[str, Any]]]:
    """Which of these segments of a rundown were spoken: their keys, and what was said. Most rundowns announce nothing."""
    if any(item.reason.rule == Spoken.type for item in rundown.items):
        for segment in segments:
            if segment.spoken_key is not None:
                yield segment.spoken_key, segment.spoken or {}
