"""Write the guide into `docs/guide` as people read it beside the code, made from app/console/guide/text; and give the console its pictures.

    .venv/bin/python -m tools.guide

A test says when `docs/guide` is not what the text makes of it.
"""

from __future__ import annotations

import re
from pathlib import Path

from app.console.guide.chapters import CHAPTERS, TEXT, source_of
from app.console.messages import LANGUAGES, Language

DOCS = Path(__file__).resolve().parent.parent / "docs"

_ANCHOR = re.compile(r"^(#+ |\s*- )(.*?) \{#([\w-]+)\}", re.MULTILINE)
_CHAPTER = re.compile(r"\]\(/guide(?:/(\w+))?(#[\w-]+)?\)")
_HERE = re.compile(r"\[([^\]]+)\]\((?:/[^)]*)\)")
_PICTURE = re.compile(r"\(picture:([\w-]+)\)")


def document(language: Language, name: str) -> str:
    """A chapter for `docs`: chapters lead to each other, pages of the console are only named, pictures are shown."""
    text = _ANCHOR.sub(r'\1<a id="\3"></a>\2', source_of(language, name))
    text = _CHAPTER.sub(lambda found: f"]({found[1] or CHAPTERS[0]}.md{found[2] or ''})", text)
    text = _HERE.sub(r"\1", text)
    return _PICTURE.sub(r"(../../pictures/\1.png)", text)


def documents() -> dict[Path, str]:
    """Every file of `docs/guide` with what it holds."""
    made = {
        DOCS / "guide" / language / f"{name}.md": document(language, name)
        for language in LANGUAGES
        for name in CHAPTERS
    }
    lists = [
        "\n".join(f"* [{source_of(language, name).partition(chr(10))[0][2:]}]({language}/{name}.md)" for name in CHAPTERS)
        for language in LANGUAGES
    ]  # fmt: skip
    head = "Made by `python -m tools.guide` from `app/console/guide/text`; the console shows the same at `/guide`."
    made[DOCS / "guide" / "README.md"] = (
        f"# 안내서 · The guide\n\n{head}\n\n## 한국어\n\n{lists[0]}\n\n## English\n\n{lists[1]}\n"
    )
    return made


def pictures() -> dict[Path, Path]:
    """Every picture that the console's guide shows, with the one of `docs` that it is a copy of."""
    named = {
        name
        for language in LANGUAGES
        for chapter in CHAPTERS
        for name in _PICTURE.findall(source_of(language, chapter))
    }
    return {
        TEXT.parent / "pictures" / f"{name}.png": DOCS / "pictures" / f"{name}.png" for name in sorted(named)
    }


def main() -> None:
    for path, text in documents().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    shown = pictures()
    for old in (TEXT.parent / "pictures").glob("*.png"):
        if old not in shown:
            old.unlink()
    for path, source in shown.items():
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(source.read_bytes())


if __name__ == "__main__":
    main()
