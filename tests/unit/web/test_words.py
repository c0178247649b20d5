"""The page's words."""

from __future__ import annotations

import re
import string
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import pytest
from markupsafe import Markup

from app.library.models import SegmentKind
from app.web import messages
from app.web.english import ENGLISH
from app.web.korean import KOREAN
from app.web.words import Words, harmless, named
from schedules.snapshot import CHAIN, Cause

TEMPLATES = Path(messages.__file__).parent / "templates"


def places(message: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(message) if name is not None}


def test_both_languages_say_the_same_things() -> None:
    assert KOREAN.keys() == ENGLISH.keys()


@pytest.mark.parametrize("key", sorted(KOREAN))
def test_both_languages_have_the_same_places(key: str) -> None:
    assert places(KOREAN[key]) == places(ENGLISH[key])


def test_messages_hold_no_marks() -> None:
    assert not [text for text in (*KOREAN.values(), *ENGLISH.values()) if re.search(r"[<>&]", text)]


def test_every_word_that_the_templates_ask_for_is_there() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in TEMPLATES.iterdir())
    asked = set(re.findall(r"""\bt(?:\.plain)?\(["']([a-z_.]+)["'][,)]""", source))
    assert len(asked) > 40
    assert asked <= KOREAN.keys()


@pytest.mark.parametrize(
    ("prefix", "names"),
    [
        ("kind", list(SegmentKind)),
        ("level", CHAIN),
        ("state", ["planned", "compiled", "rendered", "armed", "on_air", "done", "missed", "cancelled"]),
        ("readiness", ["ok", "at_risk", "failed"]),
        ("handoff", ["due", "sending", "stored", "verified", "failed", "superseded", "cancelled", "manual"]),
        ("cause", get_args(Cause)),
        ("outcome", ["sending", "verified", "stored", "passing", "permanent", "interrupted"]),
        (
            "evidence",
            [
                "planned",
                "delivered",
                "fetched",
                "sent",
                "endpoint_accepted",
                "site_confirmed",
                "monitored",
                "heard",
            ],
        ),
    ],
)
def test_every_state_has_a_word(prefix: str, names: list[str]) -> None:
    assert [name for name in names if f"{prefix}.{name}" not in KOREAN] == []


@pytest.mark.parametrize(
    ("length", "korean", "english"),
    [
        (timedelta(seconds=59), "1분 이내", "under a minute"),
        (timedelta(minutes=20, seconds=59), "20분", "20 min"),
        (timedelta(hours=2, minutes=50), "2시간 50분", "2 h 50 min"),
        (timedelta(hours=49), "2일 1시간", "2 d 1 h"),
    ],
)
def test_countdowns_are_rounded_down(length: timedelta, korean: str, english: str) -> None:
    assert (Words("ko").span(length), Words("en").span(length)) == (korean, english)


def test_dates_follow_the_zone_that_comes_first() -> None:
    late = datetime(2026, 11, 22, 20, tzinfo=UTC)
    assert "11월 23일 (월) <b>05:00</b> KST" in Words("ko").time(late, with_date=True)
    assert "Sun 22 November <b>20:00</b> UTC" in Words("en").time(late, with_date=True)


def test_what_is_put_into_words_is_escaped_once() -> None:
    said = Words("en")("need.airing_missed", programme=named("<b>&"))
    assert said == Markup("<bdi>&lt;b&gt;&amp;</bdi> was not delivered anywhere.")


@pytest.mark.parametrize("hidden", ["\u202e", "\u2066", "\u200f", "\x00", "\x1b", "\x85"])
def test_hidden_characters_are_made_visible(hidden: str) -> None:
    assert harmless(f"a{hidden}b") == "a\ufffdb"


def test_joined_syllables_and_emoji_stay_as_they_are() -> None:
    assert harmless("한\u1112\u1161\u11ab 👩\u200d🚀\n") == "한\u1112\u1161\u11ab 👩\u200d🚀\n"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("timeout: the site took longer", "The site did not answer in time."),
        ("new-code: what", None),
        ("", None),
    ],
)
def test_known_errors_have_the_readers_words(error: str, words: str | None) -> None:
    assert Words("en").error(error) == words
