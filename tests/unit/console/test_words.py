"""The page's words."""

from __future__ import annotations

import importlib
import pkgutil
import re
import string
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import pytest
from markupsafe import Markup

import app
from app import reports
from app.console import messages
from app.console.words import Words, harmless, named
from app.errors import DanpaError
from app.library.models import SegmentKind
from app.reports.errors import AlreadyReported
from app.reports.service import Jamming, Source
from audio.errors import AudioError
from schedules.errors import ScheduleError
from schedules.frequencies import advice
from schedules.frequencies.advice import Alternative, ConflictCount, Jammer, Reports, advise
from schedules.frequencies.bands import in_band
from schedules.frequencies.propagation import Signal
from schedules.snapshot import CHAIN, Cause

CONSOLE = Path(messages.__file__).parent
KOREAN, ENGLISH = messages.CATALOGUES["ko"].forms, messages.CATALOGUES["en"].forms


def places(message: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(message) if name is not None}


def refusals() -> list[str]:
    """The codes with which reports are refused, as they stand in the code."""
    folder = Path(reports.__file__).parent
    source = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    return [*re.findall(r'Refused\(\s*"([a-z-]+)"', source), AlreadyReported.code]


def test_both_languages_say_the_same_things() -> None:
    assert KOREAN.keys() == ENGLISH.keys()


@pytest.mark.parametrize("key", sorted(KOREAN))
def test_both_languages_have_the_same_places(key: str) -> None:
    said = [*KOREAN[key], *ENGLISH[key]]
    wanted = places(max(said, key=len))
    # "one airing" needs no number
    assert all(wanted - {"count"} <= places(text) <= wanted | {"count"} for text in said)


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_no_key_is_in_a_catalogue_twice(language: messages.Language) -> None:
    """Babel takes the last one, whatever the first one meant."""
    keys = [
        key
        for path in messages.catalogue_files(language)
        for key in re.findall(r'^msgid "(.+)"$', path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert [key for key, count in Counter(keys).items() if count > 1] == []


def test_messages_hold_no_marks() -> None:
    said = [text for forms in (*KOREAN.values(), *ENGLISH.values()) for text in forms]
    assert [text for text in said if re.search(r"[<>&]", text) or not text] == []


def test_every_word_that_the_pages_ask_for_is_there() -> None:
    asked = set()
    for path in (*CONSOLE.glob("templates/**/*.html"), *CONSOLE.glob("static/*.js")):
        source = path.read_text(encoding="utf-8")
        asked |= set(re.findall(r"""\b(?:t(?:\.plain)?|words)\(["']([a-z_.]+[a-z_])["'][,)]""", source))
    assert len(asked) > 40
    assert asked - KOREAN.keys() == set()


def test_what_scripts_say_comes_with_the_page() -> None:
    for path in CONSOLE.glob("static/*.js"):
        said = re.findall(r"""\bwords\(["'`]([a-z_.]+)""", path.read_text(encoding="utf-8"))
        assert [key for key in said if not re.match(r"([a-z]+\.)?js\.", key)] == [], path.name


def test_what_counts_has_the_forms_of_its_language() -> None:
    assert messages.CATALOGUES["en"].plural(1) != messages.CATALOGUES["en"].plural(2)
    assert {len(forms) for forms in KOREAN.values()} == {1}
    assert {len(forms) for forms in ENGLISH.values()} <= {1, 2}


@pytest.mark.parametrize(
    ("prefix", "names"),
    [
        ("kind", list(SegmentKind)),
        ("level", CHAIN),
        ("state", ["planned", "compiled", "rendered", "armed", "on_air", "done", "missed", "cancelled"]),
        ("readiness", ["ok", "at_risk", "failed"]),
        ("handoff", ["due", "sending", "stored", "verified", "failed", "superseded", "cancelled", "manual"]),
        ("cause", get_args(Cause)),
        ("jamming", get_args(Jamming)),
        ("source", get_args(Source)),
        ("merit", ["1", "2", "3", "4", "5"]),
        ("report.wrong", refusals()),
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


def import_everything() -> None:
    """Every feature with its errors, whatever the other tests of this process have imported."""
    for module in pkgutil.walk_packages(app.__path__, "app."):
        if not module.name.startswith("app.migrations.") and not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def kinds(error: type[Exception]) -> Iterator[type[Exception]]:
    yield error
    for kind in error.__subclasses__():
        yield from kinds(kind)


@pytest.mark.parametrize("root", [DanpaError, AudioError, ScheduleError])
def test_every_kind_of_problem_has_words(root: type[DanpaError | AudioError | ScheduleError]) -> None:
    import_everything()
    told = {
        getattr(kind, "code", "")
        for kind in kinds(root)
        if kind.__module__.startswith(("app.", "audio.", "schedules."))
    }
    assert len(told) > 15
    assert {code for code in told if f"problem.{code}" not in KOREAN} == set()


def test_a_problem_is_told_in_the_readers_words_and_its_own() -> None:
    silent = {"type": "urn:danpa:problem:only-silence", "detail": "Its first 10 minutes are <silent>."}
    told = Words("ko").problem(silent)
    assert told.startswith("녹음에 소리가 없습니다")
    assert "&lt;silent&gt;" in told


def test_what_a_person_wrote_about_a_recording_is_told_as_it_is() -> None:
    turned_down = {"type": "urn:danpa:problem:turned-down", "detail": "소리가 <작습니다>"}
    assert Words("en").problem(turned_down) == "<bdi>소리가 &lt;작습니다&gt;</bdi>"


def test_every_reason_of_an_advice_has_words_that_use_its_values() -> None:
    signals = [Signal(5900.0, 60, 40)]
    error, near = ConflictCount("same-site", 3, 60), [ConflictCount("co-channel", 2, 60)]
    alternatives = [
        Alternative(khz=khz, is_cleared=khz < 6200, in_band=in_band(khz), signals=of, conflicts=conflicts, reports=told)
        for khz in (5900.0, 5905.0, 6000.0, 6500.0, 9600.0)
        for of in ((), signals)
        for conflicts in ((), [error], near)
        for told in (None, Reports(1, 3, 3.0), Reports(2, 40, 3.0), Reports(2, 3, 1.0), Reports(2, 3, 2.7), Reports(2, 3, 4.0))
    ]  # fmt: skip
    alternatives += [replace(one, khz=5800.0, is_cleared=True, in_band=False) for one in alternatives[:1]]
    jammers = [Jammer(5900.0, "Pyongyang")]
    found = [
        reason for known in ((), jammers) for one in advise(alternatives, known) for reason in one.reasons
    ]
    source = Path(advice.__file__).read_text(encoding="utf-8")
    assert {reason.code for reason in found} >= set(re.findall(r'\bsay\(\s*"([a-z-]+)"', source)) > {"signal"}
    for reason in found:
        for language in get_args(messages.Language):
            assert Words(language)(f"advice.{reason.code}", **reason.values)


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
