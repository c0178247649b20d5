"""The page's words in its two languages, and which of the two a reader gets.

Words may hold ``{places}``; both languages have the same keys with the same places (a test looks). They are trusted
HTML without tags: what is put into them is escaped by who fills them in.
"""

from __future__ import annotations

from typing import Literal, get_args

from app.web.english import ENGLISH
from app.web.korean import KOREAN

Language = Literal["ko", "en"]

LANGUAGE_COOKIE = "danpa_lang"

CATALOGUES: dict[Language, dict[str, str]] = {"ko": KOREAN, "en": ENGLISH}


def known_language(name: str | None) -> Language | None:
    """The language of this name; None for any other."""
    return next((language for language in get_args(Language) if language == name), None)


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
