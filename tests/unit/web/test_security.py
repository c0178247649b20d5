"""The limit on guessing, and tokens that belong to one session."""

from __future__ import annotations

import pytest

from app.people.service import TooManyAttempts
from app.web.security import FailedSignIns, csrf_token


def test_only_the_address_that_fails_is_slowed_down() -> None:
    attempts = FailedSignIns()
    for _ in range(FailedSignIns.BURST):
        attempts.failed("192.0.2.1")
    with pytest.raises(TooManyAttempts, match="wait a little"):
        attempts.failed("192.0.2.1")
    attempts.failed("192.0.2.2")


def test_an_attempt_comes_back_after_a_while() -> None:
    at = 0.0
    attempts = FailedSignIns(lambda: at)
    for _ in range(FailedSignIns.BURST):
        attempts.failed("192.0.2.1")
    with pytest.raises(TooManyAttempts):
        attempts.failed("192.0.2.1")
    at = FailedSignIns.REFILL_S
    attempts.failed("192.0.2.1")
    with pytest.raises(TooManyAttempts):
        attempts.failed("192.0.2.1")


def test_addresses_without_number_cost_no_memory_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FailedSignIns, "ADDRESSES", 3)
    attempts = FailedSignIns()
    for number in range(10):
        attempts.failed(f"192.0.2.{number}")
    assert len(attempts._buckets) == 3


def test_tokens_differ_between_sessions_and_do_not_tell_the_secret() -> None:
    assert csrf_token("one") != csrf_token("two")
    assert "one" not in csrf_token("one")
