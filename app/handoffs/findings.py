"""What is wrong with a site's folder: what lies there against what should, as plain values."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from app.feeds.contract import Entry

Kind = Literal["missing", "altered", "oversized", "stale", "foreign"]


@dataclass(frozen=True, slots=True)
class Ours:
    """A file that this station has brought, or is to bring, under a name."""

    name: str
    size: int
    airing_id: int
    airing_is_over: bool
    arrived: bool
    """The site has it, as far as we know, and nothing newer of this airing."""
    removable: bool = False
    """Nobody needs it any more: its airing is long over, or a newer version has arrived."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. ``expected`` and ``found`` are sizes in bytes.

    ``missing``: what we brought for an open airing is not there. ``altered``, ``oversized``: it has another size, a
    larger one. ``stale``: the fixed name still holds an earlier airing's programme. ``foreign``: a file under a name
    that our template makes, and that we never brought.
    """

    kind: Kind
    name: str
    expected: int | None = None
    found: int | None = None


def judge(
    entries: Iterable[Entry],
    ours: Sequence[Ours],
    *,
    airing_id: int,
    fixed_name: str | None,
    pattern: re.Pattern[str],
    known: Collection[str],
) -> list[Finding]:
    """What is wrong, in the order of names.

    ``pattern`` is what the feed's template could have named, ``known`` what the station's feeds have brought there.
    """
    there = {entry.name: entry for entry in entries}
    current = _current(ours)
    findings = [_compare(file, there.get(file.name)) for file in current.values() if file.arrived]
    if fixed_name is not None and fixed_name in there:
        latest = current.get(fixed_name)
        if latest is None or latest.airing_id != airing_id or not latest.arrived:
            findings.append(Finding("stale", fixed_name, found=there[fixed_name].size))
    for name, entry in there.items():
        if name not in known and name != fixed_name and pattern.fullmatch(name):
            findings.append(Finding("foreign", name, found=entry.size))
    return sorted((one for one in findings if one is not None), key=lambda one: (one.name, one.kind))


def removable(entries: Iterable[Entry], ours: Sequence[Ours]) -> list[str]:
    """Our own expired files: the name and the size are those of one that we brought, and nothing that is needed has the name."""
    needed = {file.name for file in ours if not file.removable}
    expired = {(file.name, file.size) for file in ours if file.removable}
    return sorted(
        entry.name for entry in entries if (entry.name, entry.size) in expired and entry.name not in needed
    )


def _current(ours: Sequence[Ours]) -> Mapping[str, Ours]:
    """Of each name that an open airing has, what should lie there: what arrived, rather than what is to come."""
    current: dict[str, Ours] = {}
    for file in ours:
        if not file.airing_is_over and (file.arrived or file.name not in current):
            current[file.name] = file
    return current


def _compare(file: Ours, entry: Entry | None) -> Finding | None:
    if entry is None:
        return Finding("missing", file.name, expected=file.size)
    if entry.size == file.size:
        return None
    kind: Kind = "oversized" if entry.size > file.size else "altered"
    return Finding(kind, file.name, expected=file.size, found=entry.size)
