"""Which bytes an answer holds, for every header that a client may send."""

from __future__ import annotations

from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.pull.ranges import part_of

TAG = '"sha-256:ab"'
SIZE = 1000
WHOLE = (200, 0, SIZE)
BEYOND = (416, 0, 0)
HAS_ALL = (416, SIZE, SIZE)


def asked(headers: dict[str, str], *, may_continue: bool = True) -> tuple[int, int, int]:
    part = part_of(headers, tag=TAG, size=SIZE, may_continue=may_continue)
    return part.status, part.first, part.end


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("bytes=0-", (206, 0, 1000)),
        ("bytes=0-0", (206, 0, 1)),
        ("bytes=100-199", (206, 100, 200)),
        ("bytes=900-5000", (206, 900, 1000)),
        ("bytes=-1", (206, 999, 1000)),
        ("bytes=-5000", (206, 0, 1000)),
        ("Bytes=5-6", (206, 5, 7)),
        ("bytes=1000-", HAS_ALL),
        ("bytes=1001-", BEYOND),
        ("bytes=-0", WHOLE),
        ("bytes=20-10", WHOLE),
        ("bytes=0-1,5-6", WHOLE),
        ("bytes=-", WHOLE),
        ("frames=0-1", WHOLE),
        ("bytes=a-b", WHOLE),
        ("bytes=0-" + "9" * 400, WHOLE),
        ("", WHOLE),
    ],
)
def test_a_range(text: str, answer: tuple[int, int, int]) -> None:
    assert asked({"range": text}) == answer


@pytest.mark.parametrize(
    ("condition", "status"),
    [(TAG, 206), ('"other"', 200), (f"W/{TAG}", 200), ("Sun, 22 Nov 2026 09:00:00 GMT", 200)],
)
def test_only_the_very_same_bytes_are_gone_on_with(condition: str, status: int) -> None:
    for may_continue in (False, True):
        headers = {"range": "bytes=10-", "if-range": condition}
        assert asked(headers, may_continue=may_continue)[0] == status


def test_without_a_condition_a_strangers_half_is_not_gone_on_with() -> None:
    for text in ("bytes=1-", "bytes=999-", "bytes=1000-", "bytes=-5"):
        assert asked({"range": text}, may_continue=False)[0] == HTTPStatus.CONFLICT
    assert asked({"range": "bytes=0-9"}, may_continue=False) == (206, 0, 10)


@pytest.mark.parametrize(("tags", "status"), [(TAG, 304), (f'"x", W/{TAG}', 304), ("*", 304), ('"x"', 200)])
def test_what_a_client_has_is_not_sent_again(tags: str, status: int) -> None:
    assert asked({"if-none-match": tags})[0] == status


@given(
    text=st.from_regex(r"bytes=\d{0,5}-\d{0,5}", fullmatch=True) | st.text(max_size=30),
    size=st.integers(1, 10**6),
    may_continue=st.booleans(),
)
def test_an_answer_is_always_a_part_of_the_object(text: str, size: int, *, may_continue: bool) -> None:
    part = part_of({"range": text}, tag=TAG, size=size, may_continue=may_continue)
    if part.status >= 400:
        assert part.first == part.end in {0, size}
    else:
        assert 0 <= part.first < part.end <= size
        assert part.status == HTTPStatus.PARTIAL_CONTENT or (part.first, part.end) == (0, size)
