"""The guide's chapters: Markdown in ``text/<language>/<name>.md``, the one source of the console's pages and of `docs/guide`.

A chapter begins with its title. ``## Heading {#anchor}`` has an address of its own, ``[…](/library)`` leads to a page of
the console, and ``![…](picture:library)`` shows a picture of that page, one of ``pictures/``, once it is scrolled to.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt
from markupsafe import Markup

from app.console.messages import Language

TEXT = Path(__file__).parent / "text"

PICTURES = {path.stem: path for path in sorted((Path(__file__).parent / "pictures").glob("*.png"))}
"""Copies of those of `docs/pictures` that the guide shows (`python -m tools.guide` makes them): a package has no docs."""

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
_PICTURE = re.compile(r'<img src="picture:([\w-]+)" alt="([^"]*)" />')
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
    html = _PICTURE.sub(_shown, _MARKDOWN.render(text))
    body = _ANCHORED.sub(r'<\1 id="\3">\2', html)
    parts = tuple((anchor, heading) for heading, anchor in _PARTS.findall(text))
    return Chapter(name, title.removeprefix("# "), Markup(body), parts)  # noqa: S704 - our own text, HTML in it is escaped


def _shown(picture: re.Match[str]) -> str:
    """With its size, so that nothing moves when it comes."""
    header = PICTURES[picture[1]].read_bytes()[16:24]
    width, height = struct.unpack(">II", header)
    address = f"/guide/pictures/{picture[1]}.png"
    return f'<img src="{address}" alt="{picture[2]}" width="{width}" height="{height}" loading="lazy">'


def chapters(language: Language) -> tuple[Chapter, ...]:
    return tuple(chapter(language, name) for name in CHAPTERS)
