"""The rundown: a clock compiled for one airing, sample by sample, with the reason for every item.

It is what `audio` renders and what as-run is checked against. What lies between items is silence; where music is faded into
music, one item starts before the one before it ends. Samples count at 48 kHz from the start of the airing; items start on the
grid (1,152 samples for spliced MP3) and end where they end.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from schedules.elements import LONGEST_CROSSFADE_S
from schedules.errors import BadRundown
from schedules.said import Said, values_named
from schedules.time import SAMPLE_RATE, samples_to_timedelta, to_utc

Level = Literal["programme", "standby", "evergreen", "interval_signal"]
"""The chain that cannot fail, from what was planned down to what is synthesised."""

SCHEMA = 3
"""Version of the JSON form. In 1 items never overlapped, and whole segments had no fades; up to 2 what is told to people was bare
sentences."""

LONGEST_SILENCE = SAMPLE_RATE
"""More than a second without sound is dead air."""

LONGEST_OVERLAP = round(LONGEST_CROSSFADE_S * SAMPLE_RATE)


@dataclass(frozen=True, slots=True)
class SegmentSource:
    """A piece of the library: one cut of a segment, and the hash of the master that it plays."""

    segment_id: int
    master_sha256: str
    cut: int = 1
    """Rundowns stored before there were cuts play the first, whole."""


@dataclass(frozen=True, slots=True)
class IntervalSignalSource:
    """The synthesised interval signal; `loop` where the item outlasts one round of it."""

    loop: bool


Source = SegmentSource | IntervalSignalSource


@dataclass(frozen=True, slots=True)
class Reason:
    """Which rule put the item here, among how many candidates, and why it won and others lost."""

    rule: str
    candidates: int
    note: Said


@dataclass(frozen=True, slots=True)
class Item:
    """`samples` of a source from its sample `first_sample` on, heard from `start_sample` of the airing.

    Fades lie inside. `element` is the index in the clock of the element that asked for it, None where none did;
    `shortened`: a piece that was cut to fill time.
    """

    position: int
    source: Source
    start_sample: int
    samples: int
    first_sample: int
    fade_in_samples: int
    fade_out_samples: int
    element: int | None
    reason: Reason
    shortened: bool = False

    @property
    def end_sample(self) -> int:
        return self.start_sample + self.samples

    def sounds_in(self, first: int, last: int | None) -> bool:
        """Whether any of it is heard in samples [first, last) of the airing; `last` None: to its end."""
        return self.end_sample > first and (last is None or self.start_sample < last)


@dataclass(frozen=True, slots=True)
class Fit:
    """How good the rundown is, by what the compiler was after; see `goals`.

    `proved`: no programme that keeps the rules is better. `noticed_samples`: interval signal that nobody asked for, what
    music was cut by (or what is left of it, if that is less), and silence at the end, the signal counting double.
    `pause_samples`: how far pauses are from what the clock asks for, together; `crossfaded_samples`: what cross-fades took
    up. Places are behind the newest and behind the longest unheard, summed over the items. `gap_samples`: by how much less
    a better programme, where none is proved to be absent, could be noticed at most. `runs`: along the timeline.
    """

    proved: bool
    left_out: int
    newest_places: int
    noticed_samples: int
    rotation_places: int
    pause_samples: int
    gap_samples: int
    runs: int
    crossfaded_samples: int = 0


@dataclass(frozen=True, slots=True)
class Gap:
    """A silence `[start_sample, end_sample)` that the rundown itself holds."""

    start_sample: int
    end_sample: int

    @property
    def samples(self) -> int:
        return self.end_sample - self.start_sample


@dataclass(frozen=True, slots=True)
class Rundown:
    """Exactly `target_samples` of programme. `notes` tell what the compiler left out or had to do, for people."""

    target_samples: int
    grid_samples: int
    level: Level
    items: tuple[Item, ...]
    notes: tuple[Said, ...]
    seed: int | None
    compiler_version: str
    fit: Fit | None = None
    """None where nothing was chosen: stand-by, evergreen, interval signal."""

    def to_json(self) -> bytes:
        """Canonical JSON in UTF-8: the same rundown gives the same bytes."""
        body = asdict(self) | {"schema": SCHEMA, "notes": [note.written() for note in self.notes]}
        for item, written in zip(self.items, body["items"], strict=True):
            written["source"]["type"] = (
                "segment" if isinstance(item.source, SegmentSource) else "interval_signal"
            )
            written["reason"]["note"] = item.reason.note.written()
        return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()

    @classmethod
    def from_json(cls, text: bytes | str) -> Rundown:
        """The rundown that `to_json` wrote. Raises BadRundown."""
        try:
            return _rundown(json.loads(text))
        except (ValueError, TypeError, KeyError, AttributeError) as wrong:
            raise BadRundown(
                f"this is not a rundown of schema {SCHEMA}: {type(wrong).__name__}: {wrong}"
            ) from wrong

    def silences(self, longer_than_samples: int) -> list[Gap]:
        """The gaps before, between and after the items that are longer than so many samples."""
        return [gap for gap in self._gaps() if gap.samples > longer_than_samples]

    def segment_ids(self, first: int = 0, last: int | None = None) -> frozenset[int]:
        """The segments that sound in samples [first, last): what a recall or an expiry is checked against."""
        return frozenset(
            item.source.segment_id
            for item in self.items
            if isinstance(item.source, SegmentSource) and item.sounds_in(first, last)
        )

    def spoken_of(self) -> frozenset[int]:
        """The segments that its notes name: those that lost, too."""
        notes = (*self.notes, *(item.reason.note for item in self.items))
        found = (value for note in notes for value in values_named(note, "segment_id"))
        return frozenset(value for value in found if isinstance(value, int))

    def turns(self) -> list[tuple[Item, int]]:
        """Every item, with the sample at which its turn is over: where it ends or, in a cross-fade, the next one starts."""
        starts = [item.start_sample for item in self.items[1:]]
        ends = [min(item.end_sample, start) for item, start in zip(self.items, starts, strict=False)]
        return list(zip(self.items, [*ends, *(item.end_sample for item in self.items[-1:])], strict=True))

    def check(self) -> None:
        """Prove the invariants that everything downstream relies on. Raises BadRundown."""
        if self.grid_samples < 1 or self.target_samples % self.grid_samples:
            raise BadRundown(
                f"the target of {self.target_samples} samples is not on the grid of {self.grid_samples}"
            )
        end = alone = 0
        for position, item in enumerate(self.items):
            _check_item(position, item, self.grid_samples)
            if item.start_sample < end:
                _check_crossfade(self.items[position - 1], item, alone)
            alone, end = end, item.end_sample
        if end > self.target_samples:
            raise BadRundown(f"the last item ends at sample {end}, after the target of {self.target_samples}")
        for gap in self.silences(LONGEST_SILENCE):
            raise BadRundown(
                f"samples {gap.start_sample} to {gap.end_sample} are silent for longer than a second"
            )

    def _gaps(self) -> Iterator[Gap]:
        end = 0
        for item in self.items:
            yield Gap(end, item.start_sample)
            end = max(end, item.end_sample)
        yield Gap(end, self.target_samples)


def audio_airs_at(item: Item, starts_at: datetime) -> datetime:
    """The UTC instant at which an item is heard, in an airing that starts at `starts_at`."""
    return to_utc(starts_at) + samples_to_timedelta(item.start_sample)


def _check_item(position: int, item: Item, grid: int) -> None:
    wrong = None
    if item.position != position:
        wrong = f"is numbered {item.position}"
    elif item.start_sample < 0 or item.start_sample % grid:
        wrong = f"starts at sample {item.start_sample}, which is not on the grid of {grid}"
    elif item.samples < 1 or item.first_sample < 0:
        wrong = f"plays {item.samples} samples from sample {item.first_sample}"
    elif (
        min(item.fade_in_samples, item.fade_out_samples) < 0
        or item.fade_in_samples + item.fade_out_samples > item.samples
    ):
        wrong = "has fades that are longer than itself"
    if wrong:
        raise BadRundown(f"item {position} {wrong}")


def _check_crossfade(before: Item, item: Item, alone: int) -> None:
    """Two at once, both segments and faded, and never a third: the one before is alone from sample `alone` on."""
    overlap = before.end_sample - item.start_sample
    is_music = isinstance(before.source, SegmentSource) and isinstance(item.source, SegmentSource)
    fades = min(before.fade_out_samples, item.fade_in_samples)
    if (
        not is_music
        or overlap > min(fades, item.samples, LONGEST_OVERLAP)
        or item.start_sample < max(before.start_sample, alone)
    ):
        raise BadRundown(
            f"item {item.position} starts at sample {item.start_sample}, before {before.end_sample}, where the one before "
            "it ends, and it is no cross-fade"
        )


def _rundown(body: dict[str, Any]) -> Rundown:
    if (schema := body.pop("schema")) not in range(1, SCHEMA + 1):
        raise ValueError("another schema version")
    if body["level"] not in get_args(Level):
        raise ValueError(f"level {body['level']}")
    items = tuple(_item(item, schema) for item in body.pop("items"))
    fit = body.pop("fit", None)  # rundowns stored by version 0.1 have none
    notes = tuple(Said.read(note) for note in body.pop("notes"))
    return Rundown(items=items, notes=notes, fit=Fit(**fit) if fit else None, **body)


def _item(body: dict[str, Any], schema: int) -> Item:
    source, reason = body.pop("source"), body.pop("reason")
    if schema == 1:
        is_faded = bool(body["fade_in_samples"] or body["fade_out_samples"])
        body["shortened"] = is_faded and source["type"] == "segment"
    note = Said.read(reason.pop("note"))
    kinds: dict[str, type[Source]] = {"segment": SegmentSource, "interval_signal": IntervalSignalSource}
    return Item(source=kinds[source.pop("type")](**source), reason=Reason(**reason, note=note), **body)
