"""What the compiler says, and what is said of a move, in the readers' languages: on the server's pages and in their scripts."""

from __future__ import annotations

import ast
import json
import re
import string
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from html import unescape
from pathlib import Path
from typing import Any, get_args

import pytest

import app
import app.airings.compiling
import app.announcements.making
import app.contracts.log_file
import app.moves.consequences
import app.moves.seasons
import app.propagation.schemas
import app.schedule.files
import app.schedule.importing
import schedules
from app.console import messages
from app.console.messages import CATALOGUES, Language
from app.console.words import NAMED_VALUES, Words
from app.web.problems import problem_of
from schedules.announcing import tokens
from schedules.candidates import Announced, Request
from schedules.clock import parse_clock
from schedules.compile import compile_rundown
from schedules.edits import Edit, Insert, Lock, Move, Swap, Trim, edited
from schedules.errors import BadClock, BadEdit, Uncompilable
from schedules.frequencies import bands, findings
from schedules.rules import Aired
from schedules.rundown import Level, Rundown
from schedules.said import Said, Value, say, values_named
from schedules.single import compile_single
from schedules.time import SAMPLE_RATE, to_kst
from tests.unit.schedules.strategies import SIGNAL_SAMPLES, STARTS_AT, segment
from tests.unit.schedules.wrong_clocks import WRONG_ELEMENTS

FRAME = 1152
SCHEDULES = Path(schedules.__path__[0])
READING = (
    *(SCHEDULES / f"{name}.py" for name in ("days", "hhmm", "season", "slots")),
    *(SCHEDULES / "frequencies" / f"{name}.py" for name in ("eibi", "eibi_days", "hfcc", "text", "zones")),
    Path(app.contracts.log_file.__file__),
    Path(app.schedule.files.__file__),
    Path(app.schedule.importing.__file__),
)
COMPILING = (
    *(path for path in SCHEDULES.glob("*.py") if path not in READING),
    Path(app.airings.compiling.__file__),
    Path(app.announcements.making.__file__),
    Path(tokens.__file__),
)
MOVING = tuple(
    Path(str(module.__file__))
    for module in (app.moves.consequences, app.moves.seasons, bands, findings, app.propagation.schemas)
)
SAYING = tuple(
    path
    for path in Path(app.__path__[0]).rglob("*.py")
    if re.search(r"^from schedules\.said import .*\bsay\b", path.read_text(encoding="utf-8"), re.MULTILINE)
)
LANGUAGES: tuple[Language, ...] = get_args(Language)


@cache
def codes(
    sources: tuple[Path, ...] = COMPILING + MOVING + READING + SAYING,
) -> dict[str, set[frozenset[str]]]:
    """Every code in the source, with the names of the values that it has, for each place where it is said."""
    found: dict[str, set[frozenset[str]]] = {}
    for path in sources:
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "say":
                code, template = call.args
                assert isinstance(code, ast.Constant), f"{path.name}:{call.lineno}: a code is written out"
                text = str(template.value) if isinstance(template, ast.Constant) else ""
                named = {one.arg for one in call.keywords if one.arg is not None}
                found.setdefault(str(code.value), set()).add(frozenset(named | places(text)))
    return found


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_every_code_has_words_in_both_languages_that_use_only_its_values() -> None:
    assert len(codes()) > 100
    for language in LANGUAGES:
        forms = CATALOGUES[language].forms
        assert {key for key in forms if key.startswith("said.")} == {f"said.{code}" for code in codes()}
        for code, told in codes().items():
            for values in told:
                assert all(places(form) <= values for form in forms[f"said.{code}"]), code


# ---------------------------------------------------------------- what it says of real programmes

NEWS: dict[str, Any] = {"type": "pick", "kinds": ["news"]}
TALK: dict[str, Any] = {"type": "pick", "kinds": ["talk"]}
FILL: dict[str, Any] = {"type": "fill"}
SPOKEN: dict[str, Any] = {"type": "spoken", "template": ["station"]}
KIM, OLD_KIM, LEE = (
    segment(number, "talk", 40, presenter=who, tags=["sad"], last_aired_at=aired)
    for number, who, aired in ((1, "김", None), (2, "김", STARTS_AT - timedelta(days=900)), (3, "이", None))
)
HEARD = STARTS_AT - timedelta(hours=20)
TODAY = to_kst(STARTS_AT).date()
MUSIC = segment(20, "music", 70)


def aired(*hours_before: float) -> tuple[Aired, ...]:
    times = [STARTS_AT - timedelta(hours=hours) for hours in hours_before]
    return tuple(Aired(1, at, at, True, "김", frozenset({"sad"})) for at in times)


def request(clock: list[dict[str, Any]], library: list[Any], minutes: float = 3, **changes: Any) -> Request:
    target = round(minutes * 60 * SAMPLE_RATE) // FRAME * FRAME
    return Request(parse_clock(clock), STARTS_AT, target, FRAME, tuple(library), SIGNAL_SAMPLES, **changes)


def pick(**rules: Any) -> dict[str, Any]:
    return {**TALK, **rules}


def requests() -> Iterator[Request]:
    talks = [KIM, OLD_KIM, LEE]
    yield request(
        [NEWS, FILL],
        [
            segment(1, "news", 700),
            segment(2, "news", 60, air_from=STARTS_AT + timedelta(hours=2)),
            *[segment(number, "news", 190 - number) for number in range(3, 9)],
        ],
        10,
    )
    for rest in ({"of": "item", "days": 2}, {"of": "presenter", "days": 7.5}, {"of": "tag", "airings": 3}):
        yield request([pick(rests=[rest]), FILL], [*talks, MUSIC], history=aired(20))
    for per in ("night", "week"):
        yield request([pick(quotas=[{"of": "tag", "most": 1, "per": per}])], talks, history=aired(20, 2))
    yield request(
        [pick(order="least_recently_aired", count=3), FILL, FILL],
        [*talks, MUSIC, segment(21, "music", 100)],
        6,
    )
    yield request(
        [{"type": "fixed", "segment_id": 20}, {"type": "fixed", "segment_id": 21}],
        [MUSIC, segment(21, "music", 70)],
        2.28,
    )
    yield request([FILL], [MUSIC], 10)
    yield request([{"type": "interval_signal", "seconds": 20}, TALK], talks)
    yield request([NEWS, FILL], [segment(1, "news", 172), MUSIC])
    yield request(
        [{**FILL, "min_s": 120}, {**TALK, "required": False, "label": "<수기>"}],
        [segment(1, "talk", 100), MUSIC],
    )
    yield request(
        [{"type": "next_episode", "series": "먼 길"}],
        [
            segment(1, "drama", 30, series="먼 길", episode=1, last_aired_at=HEARD),
            segment(2, "drama", 30, series="먼 길", episode=2),
            segment(3, "drama", 30, series="먼 길", episode=3),
        ],
    )
    yield request(
        [{"type": "next_episode", "series": "먼 길"}],
        [segment(1, "drama", 30, series="먼 길", episode=1, last_aired_at=HEARD)],
    )
    letter = {"type": "awaited", "name": "편지", "substitute_id": 9, "older": True}
    for came in (
        [segment(1, "talk", 30, awaited_as="편지", awaited_on=TODAY)],
        [segment(2, "talk", 30, awaited_as="편지", awaited_on=TODAY - timedelta(days=1))],
        [segment(9, "talk", 30)],
        [],
    ):
        yield request([letter], came)
    yield request([{"type": "announcement", "tags": ["표"]}], [segment(1, "announcement", 10, tags=["표"])])
    yield request(
        [{"type": "announcement", "tags": ["표"]}, {"type": "repeat"}, {"type": "fixed", "segment_id": 5}], []
    )
    for clock in (
        [{"type": "repeat"}],
        [{"type": "fixed", "segment_id": 5}],
        [{"type": "fixed", "segment_id": 1, "trim_in_s": 40}],
        [pick(tags=["표"], max_age_days=3)],
        [NEWS],
    ):
        yield request(clock, talks, repeated=())
    yield request([{"type": "repeat"}], talks, repeated=(1, 3))
    yield request([TALK, TALK], [KIM])
    yield request([TALK, {"type": "fixed", "segment_id": 1}], talks)
    yield request([{**TALK, "count": 2}, {**TALK, "required": False}], [KIM], 1.2)
    yield request(
        [{"type": "fixed", "segment_id": 1}, TALK, {"type": "interval_signal", "seconds": 100}],
        [KIM, LEE],
        2.5,
    )
    yield request([TALK, NEWS], [KIM, segment(8, "news", 60, air_until=STARTS_AT + timedelta(seconds=62))])
    for at in ("+0:00:30", "+0:02:30", "03:00"):
        yield request([TALK, {**NEWS, "at": at}], [KIM, segment(8, "news", 60)])
    yield request(
        [{"type": "interval_signal", "seconds": 100}, {**FILL, "min_s": 100}],
        [segment(1, "talk", 140), segment(2, "music", 100)],
    )
    yield request([TALK, pick(rests=[{"of": "presenter", "days": 1}])], [KIM, OLD_KIM])
    yield request([pick(rests=[{"of": "item", "days": 7}])], [KIM], history=aired(20))
    yield request([{**NEWS, "required": False}, FILL], [])
    saying = Announced(("station",), "단파입니다", segment(101, "announcement", 5))
    for said in (
        saying,
        replace(saying, is_estimate=True),
        replace(saying, sound=None, why_not=say("no-voice", "none")),
    ):
        yield request([NEWS, SPOKEN, FILL], [segment(1, "news", 20), MUSIC], announced=(said,))
    yield request([NEWS, SPOKEN], [segment(1, "news", 20)])
    resting = pick(order="least_recently_aired", rests=[{"of": "presenter", "days": 1}])
    crowd = [segment(number, "talk", 50 + number, presenter=f"p{number // 3}") for number in range(1, 12)]
    yield request([resting] * 3, [*crowd, segment(20, "music", 100)], 3.1, quick=True)
    yield request([NEWS, FILL], [segment(number, "news", 30) for number in range(1, 250)])
    yield request(
        [NEWS], [segment(1, "news", 60, air_from=STARTS_AT + timedelta(minutes=2)), segment(2, "news", 60)]
    )
    yield request(
        [{"type": "next_episode", "series": "먼 길"}],
        [
            segment(
                number, "drama", 30, series="먼 길", episode=number, air_from=STARTS_AT + timedelta(days=2)
            )
            for number in (1, 2)
        ],
    )
    yield request(
        [TALK, {**TALK, "not_after_tags": ["sad"], "required": False}, NEWS],
        [KIM, segment(6, "talk", 20, tags=["sad"]), LEE, segment(8, "news", 20), segment(9, "talk", 30)],
    )
    yield request([TALK, NEWS], [KIM, segment(2, "talk", 40), segment(8, "news", 60)], history=aired(20))
    yield request(
        [pick(order="least_recently_aired"), NEWS],
        [
            segment(1, "talk", 60, last_aired_at=HEARD),
            segment(2, "talk", 60.5),
            segment(3, "talk", 60.5, tags=["a"]),
            segment(8, "news", 118.7),
        ],
    )
    yield request(
        [FILL],
        [
            segment(1, "music", 100, last_aired_at=STARTS_AT - timedelta(days=9)),
            segment(2, "music", 170, last_aired_at=HEARD),
            segment(3, "music", 9, last_aired_at=HEARD),
        ],
    )


def told_by(made: Callable[[], Rundown]) -> Iterator[Said]:
    try:
        rundown = made()
    except Uncompilable as refusal:
        yield from (refusal.said, *refusal.relaxations)
        if refusal.nearest is None:
            return
        rundown = refusal.nearest
    yield from rundown.notes
    yield from (item.reason.note for item in rundown.items)


def refused() -> Iterator[Said]:
    """What is said of clocks that cannot be read, and of edits that cannot be made."""
    for element in (None, *(element for element, _ in WRONG_ELEMENTS)):
        with pytest.raises(BadClock) as wrong:
            parse_clock([FILL, element] if element is not None else [])
        yield wrong.value.said
    saying = Announced(("station",), "단파입니다", segment(101, "announcement", 5))
    clock = [{"type": "interval_signal", "seconds": 9}, TALK, SPOKEN, FILL]
    asked = request(clock, [KIM, MUSIC, segment(21, "music", 100)], 3, announced=(saying,))
    rundown = compile_rundown(asked)
    shortened = next(place for place, item in enumerate(rundown.items) if item.shortened)
    edits: tuple[Edit, ...] = (
        Lock(0),
        Swap(99, 1),
        Insert(99, 1),
        Move(1, 99),
        Trim(2, 1, 1),
        Lock(shortened),
    )
    for edit in edits:
        with pytest.raises(BadEdit) as refusal:
            edited(asked.clock, rundown, [edit])
        assert refusal.value.said is not None
        yield refusal.value.said


@pytest.fixture(scope="module")
def told() -> list[Said]:
    """What the compiler says of many programmes, each sentence once, with those that a compile job adds."""
    patch = pytest.MonkeyPatch()
    for name in ("QUICK_RUNS", "FEWEST_QUICK_RUNS"):
        patch.setattr(f"schedules.search.{name}", 1)
    found = [said for one in requests() for said in told_by(partial(compile_rundown, one))]
    patch.undo()
    early = segment(1, "talk", 60, air_from=STARTS_AT + timedelta(days=1))
    levels: tuple[Level, ...] = ("standby", "evergreen")
    for level in levels:
        for one in (None, KIM, MUSIC, segment(1, "talk", 700), early):
            target = 160 * SAMPLE_RATE // FRAME * FRAME
            found += told_by(partial(compile_single, level, one, target, FRAME, SIGNAL_SAMPLES, STARTS_AT))
    found += refused()
    came = "what came (#{segment_id}) could not be used: {why}"
    found += [say("came-unusable", came, segment_id=7, why=why) for why in found[:2]]
    return list({said.text: said for said in found}.values())


def parts(said: Said) -> Iterator[Said]:
    yield said
    for value in said.values.values():
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, Said):
                yield from parts(one)


RARE = {
    "as-long",
    "better-pauses",
    "fewer-left-out",
    "fairer-rotation",
    "newer-items",
    "longer",
    "none-found",
    "no-relaxation",
    "nothing-left",
    "was-on",
    "was-left-out",
    "clips-replaced",
    "saying-recalled",
    "saying-not-approved",
}
"""What none of those programmes brings about."""


def test_those_programmes_make_the_compiler_say_nearly_all_that_it_can(told: list[Said]) -> None:
    assert codes(COMPILING).keys() - {part.code for said in told for part in parts(said)} - RARE == set()


def test_all_of_it_is_said_in_the_readers_language(told: list[Said]) -> None:
    for said in told:
        assert "raw" not in Words("en").said(said)
        korean = Words("ko").said(said)
        assert 'lang="en"' not in korean
        names = re.sub(r"<bdi>.*?</bdi>|</?\w+[^>]*>|(?<![a-z])(KST|UTC|espeak-ng|s)(?![a-z])", "", korean)
        assert re.findall("[a-zA-Z]{2,}", names) == [], korean


def test_what_people_wrote_is_escaped_in_it(told: list[Said]) -> None:
    [left_out] = [said for said in told if said.code == "left-out" and "<수기>" in said.text]
    assert "“<bdi>&lt;수기&gt;</bdi>”" in Words("ko").said(left_out)


def test_lengths_instants_and_kinds_are_the_readers_own() -> None:
    evening = datetime(2026, 11, 22, 20, 5, 30, tzinfo=UTC)
    values: dict[str, Value] = {
        "segment_id": 7,
        "own_samples": 9_120_000,
        "kind": "talk",
        "room_samples": 24_000,
    }
    said = say("single-too-long", "", who=say("the-stand-by", "the stand-by"), **values)
    assert text_of(Words("ko").said(said)).startswith(
        "예비 프로그램 #7: 이야기 3:10은(는) 자를 수 없는데 자리는 0.50 s입니다"
    )
    aired = say("last-aired", "last aired {aired_at:%Y} UTC", aired_at=evening)
    assert text_of(Words("ko").said(aired)) == "마지막으로 2026-11-23 05:05 KST (20:05 UTC)에 나갔습니다"
    assert text_of(Words("en").said(aired)) == "last aired 2026-11-22 20:05 UTC (05:05 KST)"


def test_who_lost_is_named_where_the_title_is_known() -> None:
    why = say("longest-unheard", "longest unheard")
    lost = say(
        "together", "{parts}", parts=(say("lost", "#{segment_id} lost: {why}", segment_id=7, why=why),)
    )
    [number] = values_named(lost, "segment_id")
    assert number == 7
    shown = Words("ko").said(lost, {7: "<강가>"})
    assert str(shown).startswith("#7 “<bdi>&lt;강가&gt;</bdi>” 제외: ")
    assert text_of(Words("ko").said(lost, {8: "강가"})).startswith("#7 제외: ")


@pytest.mark.parametrize("code", ["", "of-a-later-version"])
def test_what_has_no_words_is_said_as_it_is(code: str) -> None:
    said = say("lost", "#{segment_id} lost: {why}", segment_id=7, why=Said(code, "it is <loud>"))
    assert (
        Words("ko").said(said) == '#7 제외: <span class="raw" lang="en" dir="auto">it is &lt;loud&gt;</span>'
    )


def test_a_refusal_of_the_compiler_is_told_in_the_readers_language() -> None:
    with pytest.raises(Uncompilable) as refusal:
        compile_rundown(request([NEWS], [KIM]))
    document = problem_of(refusal.value)
    assert document["detail"] == document["said"]["text"]
    assert text_of(Words("ko").problem(document)).endswith(
        "1번째 요소 (고르기: 뉴스): 자료실에 승인된 것이 없습니다 (뉴스). 하나를 승인하세요. 아니면 이 요소를 선택으로 두세요"
    )


def text_of(markup: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", markup))


@pytest.mark.parametrize("language", LANGUAGES)
def test_scripts_say_the_same_as_the_pages(
    told: list[Said], language: Language, peer: Callable[[str], Path]
) -> None:
    words = Words(language)
    old = Said("", "it was told before there were codes")
    asked = {
        "script": str(Path(messages.__file__).parent / "static" / "words.js"),
        "language": language,
        "messages": words.for_scripts("said.", *(f"{prefix}." for prefix in NAMED_VALUES.values())),
        "said": [said.written() for said in [*told, old]],
    }
    script = Path(__file__).parents[2] / "node" / "said.mjs"
    ran = subprocess.run(
        [peer("node"), script], input=json.dumps(asked), capture_output=True, text=True, check=False
    )
    assert ran.stderr == ""
    assert json.loads(ran.stdout) == [text_of(words.said(said)) for said in [*told, old]]
