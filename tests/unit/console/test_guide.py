"""The guide is whole: both languages, every state and alarm, no link that leads nowhere, and `docs/guide` as it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import app
from app.console import pages
from app.console.guide.chapters import CHAPTERS, address_of, chapter, source_of
from app.console.messages import CATALOGUES, LANGUAGES, Language
from app.console.pages import ROUTERS
from app.console.shell import SECTIONS
from app.library.models import SegmentState
from tools.guide import DOCS, documents, pictures
from tools.pictures import SHOTS

KOREAN = CATALOGUES["ko"].forms
CHANGES = ("draft", "requested", "sent", "acknowledged", "refused", "in_effect")


def anchors(language: Language, name: str) -> list[str]:
    return re.findall(r' id="([\w-]+)"', chapter(language, name).body)


def links(language: Language) -> Iterator[tuple[str, str]]:
    for name in CHAPTERS:
        for link in re.findall(r'href="([^"]+)"', chapter(language, name).body):
            yield name, link


def wanted() -> set[str]:
    """What must have an entry: whatever the console has a word for, and every code of a feed's errors."""
    kept = ("state", "readiness", "evidence", "error")
    found = {
        key.replace(".", "-") for key in KOREAN if key.startswith(tuple(f"{prefix}." for prefix in kept))
    }
    handoffs = ("due", "sending", "stored", "verified", "failed", "superseded", "cancelled", "manual")
    found |= {f"handoff-{state}" for state in handoffs}
    found |= {f"segment-{state}" for state in SegmentState} | {f"change-{state}" for state in CHANGES}
    feeds = Path(app.__file__).parent / "feeds"
    source = "".join(path.read_text(encoding="utf-8") for path in feeds.glob("*.py"))
    found |= {f"error-{code}" for code in re.findall(r'FeedError\(\s*"([a-z-]+)"', source)}
    needs = {key.split(".")[1] for key in KOREAN if re.fullmatch(r"need\.\w+\.do", key)}
    assert len(needs) > 20
    return found | needs


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_alarm_and_error_is_explained(language: Language) -> None:
    assert wanted() - set(anchors(language, "needs")) == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_alarm_says_what_danpa_does_and_what_a_person_does(language: Language) -> None:
    text = source_of(language, "needs")
    does, do = ("**단파가 하는 일.**", "**할 일.**") if language == "ko" else ("\n**Danpa** ", "\n**You** ")
    told = re.findall(r"^### [^\n]* \{#(\w+)\}$(.*?)(?=^##|\Z)", text, re.MULTILINE | re.DOTALL)
    assert len(told) > 20
    assert [name for name, entry in told if does not in entry or do not in entry] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_state_is_called_as_the_pages_call_it(language: Language) -> None:
    forms = CATALOGUES[language].forms
    elsewhere = {"segment": "segments.state", "change": "frequencies.change"}
    told = re.findall(
        r"^- \*\*(.+)\*\* \{#(state|readiness|handoff|evidence|segment|change)-(\w+)\}",
        source_of(language, "needs"),
        re.MULTILINE,
    )
    assert len(told) > 30
    called = {(word, f"{elsewhere.get(prefix, prefix)}.{name}") for word, prefix, name in told}
    assert {(word, key) for word, key in called if key in forms and word != forms[key][0]} == set()


@pytest.mark.parametrize("name", CHAPTERS)
def test_both_languages_have_the_same_parts(name: str) -> None:
    assert anchors("ko", name) == anchors("en", name)
    shell = (Path(pages.__file__).parent / "templates" / "shell.html").read_text(encoding="utf-8")
    ids = [*anchors("ko", name), *re.findall(r' id="([\w-]+)"', shell)]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("language", LANGUAGES)
def test_links_within_the_guide_lead_somewhere(language: Language) -> None:
    parts = {address_of(name): set(anchors(language, name)) for name in CHAPTERS}
    dead = []
    for name, link in links(language):
        page, _, part = link.partition("#")
        page = page or address_of(name)
        if page.startswith("/guide") and (page not in parts or (part and part not in parts[page])):
            dead.append(f"{name}: {link}")
    assert dead == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_links_to_the_console_lead_to_pages_that_are_there(language: Language) -> None:
    there = {getattr(route, "path", "") for router in ROUTERS for route in router.routes}
    asked = {link.partition("#")[0] for _, link in links(language) if not link.startswith(("#", "/guide"))}
    assert asked
    assert asked - there == set()


def test_every_section_has_its_chapter() -> None:
    assert set(SECTIONS) - set(CHAPTERS) == set()


def test_the_guide_in_docs_is_made_of_this_text() -> None:
    stale = [
        str(path.relative_to(DOCS))
        for path, text in documents().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    stale += [str(path) for path, source in pictures().items() if path.read_bytes() != source.read_bytes()]
    assert stale == [], "run `python -m tools.guide`"


def test_every_picture_that_is_shown_can_be_taken() -> None:
    names = {shot.name for shot in SHOTS}
    files = [*documents(), DOCS.parent / "README.md", DOCS.parent / "README.ko.md"]
    shown = {
        name
        for path in files
        for name in re.findall(r"pictures/([\w-]+)\.png", path.read_text(encoding="utf-8"))
    }
    assert len(shown) > 8
    assert shown - names == set()
