"""What rules of rotation take for the same, said once more for the tests."""

from __future__ import annotations

from typing import Any

from schedules.rules import Quota, Rest, Spacing

Rule = Rest | Quota | Spacing


def alike(rule: Rule, one: Any, other: Any) -> bool:
    """Whether a rule takes two for the same: what was heard before, or segments of the library."""
    return bool(likeness(rule, one) & likeness(rule, other))


def likeness(rule: Rule, one: Any) -> set[Any]:
    all_of = {"item": {one.segment_id}, "presenter": {one.presenter} - {None}, "tag": set(one.tags)}[rule.of]
    return {like for like in all_of if rule.value in {None, like}}
