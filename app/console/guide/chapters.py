"""The guide's chapters: Markdown in ``text/<language>/<name>.md``, the one source of the console's pages and of `docs/guide`.

A chapter begins with its title. ``## Heading {#anchor}`` has an address of its own, ``[…](/library)`` leads to a page of
the console, and ``![…](picture:library)`` stands where `docs/guide` shows a picture of that page: who reads the guide in
the console is one click away from the page itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt
from markupsafe import Markup

from app.console.messages import Language

TEXT = Path(__file__).parent / "text"

CHAPTERS = (
    "guide",
    "start",
    "tonight",
    "library",
    "segments",
    "approvals",
    "programmes",
    "airings",
    "frequencies",
    "sites",
    "record",
    "station",
    "needs",
)
"""In the order in which they are read. Pages of the console name the one that explains them."""

_MARKDOWN = MarkdownIt("commonmark", {"html": False})
_PICTURE = re.compile(r"^!\[.*\]\(picture:.*\)\n", re.MULTILINE)
_PARTS = re.compile(r"^## (.*) \{#([\w-]+)\}$", re.MULTILINE)
_ANCHORED = re.compile(r"<(h[23]|li)>(.*?) \{#([\w-]+)\}")


@dataclass(frozen=True, slots=True)
class Chapter:
    """One chapter in one language."""

    name: str
    title: str
    body: Markup
    """Without the title."""
    parts: tuple[tuple[str, str], ...]
    """Anchors and titles of what it consists of."""

    @property
    def address(self) -> str:
        return address_of(self.name)


def address_of(name: str) -> str:
    return "/guide" if name == CHAPTERS[0] else f"/guide/{name}"


def source_of(language: Language, name: str) -> str:
    return (TEXT / language / f"{name}.md").read_text(encoding="utf-8")


@cache
def chapter(language: Language, name: str) -> Chapter:
    """Raises KeyError for a name that is none of `CHAPTERS`."""
    if name not in CHAPTERS:
        raise KeyError(name)
    title, _, text = source_of(language, name).partition("\n")
    html = _MARKDOWN.render(_PICTURE.sub("", text))
    body = _ANCHORED.sub(r'<\1 id="\3">\2', html)
    parts = tuple((anchor, heading) for heading, anchor in _PARTS.findall(text))
    return Chapter(name, title.removeprefix("# "), Markup(body), parts)  # noqa: S704 - our own text, HTML in it is escaped


def chapters(language: Language) -> tuple[Chapter, ...]:
    return tuple(chapter(language, name) for name in CHAPTERS)
