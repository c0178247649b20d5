"""The pages' messages in their two languages, and which of the two a reader gets.

They are gettext catalogues, ``locale/<language>/LC_MESSAGES/<area>.po``, read by Babel as they are: nothing is compiled.
A message is asked for by a key that is the same in both languages, for neither is a translation of the other. Keys are
unique over all areas, both languages have the same ones with the same ``{places}`` (a test looks), and what counts has a
plural by gettext's rules with the place ``{count}``. Messages are trusted text without tags: what is put into them is
escaped by who fills them in.
"""

from __future__ import annotations

import gettext
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

Language = Literal["ko", "en"]

LANGUAGES: tuple[Language, ...] = get_args(Language)

LANGUAGE_COOKIE = "danpa_lang"

LOCALE = Path(__file__).parent / "locale"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One language: the forms of each message by its key (one, or as many as the language has plurals)."""

    forms: Mapping[str, tuple[str, ...]]
    plural: Callable[[int], int]

    def text(self, key: str, count: object = None) -> str:
        """A message, in the form for so many of what it counts. Raises KeyError."""
        forms = self.forms[key]
        return forms[self.plural(int(count)) if len(forms) > 1 and isinstance(count, int) else -1]


def catalogue_files(language: Language) -> list[Path]:
    return sorted((LOCALE / language / "LC_MESSAGES").glob("*.po"))


def _catalogue(language: Language) -> Catalogue:
    forms: dict[str, tuple[str, ...]] = {}
    plural_rule = ""
    for path in catalogue_files(language):
        with path.open("rb") as file:
            catalog = read_po(file, locale=language, abort_invalid=True)
        plural_rule = catalog.plural_expr
        for key, texts in _messages(catalog):
            if key in forms:
                raise ValueError(f"{path}: {key} is in another catalogue of this language already")
            forms[key] = texts
    return Catalogue(forms, gettext.c2py(plural_rule))


def _messages(catalog: Catalog) -> Iterator[tuple[str, tuple[str, ...]]]:
    for message in catalog:
        if message.id:
            key = message.id if isinstance(message.id, str) else message.id[0]
            texts = message.string or ()
            yield key, (texts,) if isinstance(texts, str) else tuple(texts)


CATALOGUES: dict[Language, Catalogue] = {language: _catalogue(language) for language in LANGUAGES}


def known_language(name: str | None) -> Language | None:
    """The language of this name; None for any other."""
    return next((language for language in LANGUAGES if language == name), None)


def language_for(
    asked: str | None, remembered: str | None, accepted: str | None, otherwise: Language = "ko"
) -> Language:
    """The language that was asked for, else the one of the cookie, else the browser's, else ``otherwise``."""
    return known_language(asked) or known_language(remembered) or _accepted(accepted or "") or otherwise


def _accepted(header: str) -> Language | None:
    """The best of an Accept-Language header that we speak."""
    best: tuple[float, Language] | None = None
    for part in header.split(","):
        name, _, parameters = part.partition(";")
        language = known_language(name.strip().lower().split("-")[0])
        weight = _weight(parameters)
        if language and weight > 0 and (best is None or weight > best[0]):
            best = weight, language
    return best[1] if best else None


def _weight(parameters: str) -> float:
    name, _, value = parameters.partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
