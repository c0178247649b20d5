"""Which part of an object a request asks for (RFC 9110, sections 13 and 14), where a mixture of two objects must not happen."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

_ONE_RANGE = re.compile(r"bytes=\s*(\d{0,18})-(\d{0,18})\s*", re.IGNORECASE)
_TAG = re.compile(r'(?:W/)?"[^"]*"')


@dataclass(frozen=True, slots=True)
class Part:
    """The answer's status, and the bytes ``[first, end)`` of the object that go out with it.

    A client that asks what comes after the last byte has them all: that answer (416) stands at ``[size, size)``.
    """

    status: HTTPStatus
    first: int
    end: int


def part_of(headers: Mapping[str, str], *, tag: str, size: int, may_continue: bool) -> Part:
    """What to answer. ``may_continue``: a range without a condition may begin elsewhere than at the start.

    Dates are no condition here: two versions may be a second apart, and a date cannot tell them. Several ranges, other
    units and ranges that nobody can read get the whole, as the RFC lets us.
    """
    if _is_known(headers.get("if-none-match", ""), tag):
        return Part(HTTPStatus.NOT_MODIFIED, 0, 0)
    whole = Part(HTTPStatus.OK, 0, size)
    span = _span(headers.get("range", ""), size)
    condition = headers.get("if-range", "").strip()
    if span is None or (condition and condition != tag):
        return whole
    first, end = span
    if first > 0 and not condition and not may_continue:
        # Not the whole either: `wget -c` skips what it has and appends the rest, and curl takes 416, or 200 with as many
        # bytes as it has, for "you have it all".
        return Part(HTTPStatus.CONFLICT, 0, 0)
    if first >= end:
        at = size if first == size else 0
        return Part(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, at, at)
    return Part(HTTPStatus.PARTIAL_CONTENT, first, end)


def _is_known(if_none_match: str, tag: str) -> bool:
    return if_none_match.strip() == "*" or tag in (
        one.removeprefix("W/") for one in _TAG.findall(if_none_match)
    )


def _span(text: str, size: int) -> tuple[int, int] | None:
    """The bytes ``[first, end)`` that a Range asks for, empty where it lies beyond the end; None for what is no range."""
    match = _ONE_RANGE.fullmatch(text.strip())
    if match is None or match[1] == match[2] == "":
        return None
    if not match[1]:  # the last so many bytes; the last none are no range
        return (max(0, size - int(match[2])), size) if int(match[2]) else None
    first, last = int(match[1]), int(match[2] or size)
    return None if last < first and match[2] else (first, min(size, last + 1))
