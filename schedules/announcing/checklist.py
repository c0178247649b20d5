"""What a station has to record, so that no announcement needs a synthetic voice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from schedules.announcing.vocabulary import VOCABULARY


@dataclass(frozen=True, slots=True)
class ClipToRecord:
    """`text`, to be recorded as a file that is called `key`, with any ending."""

    key: str
    text: str


def checklist(station: str, titles: Mapping[str, str] | None = None) -> tuple[ClipToRecord, ...]:
    """Everything, in the order in which to read it: numbers, months, weekdays, hours, phrases, the station's name.

    `titles` are those of the programmes that may be announced as next, by code.
    """
    names = {"station": station} | {f"programme-{code}": title for code, title in (titles or {}).items()}
    return tuple(ClipToRecord(key, text) for key, text in {**VOCABULARY, **names}.items())
