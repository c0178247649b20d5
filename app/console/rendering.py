"""What every page is made of: templates, the reader's words, the frame's values, and the answer's headers."""

from __future__ import annotations

import gzip
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.console.assets import PLACE, imported
from app.console.messages import LANGUAGE_COOKIE, Language, known_language, language_for
from app.console.words import Words, harmless, named

HERE = Path(__file__).parent
YEAR_S = 365 * 24 * 3600
"""The choice of language and of light or dark is remembered for a year."""

THEME_COOKIE = "danpa_theme"
THEMES = ("auto", "light", "dark")
"""What a reader may choose; ``auto`` is what their system says."""

templates = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    finalize=harmless,
)
# A Korean syllable takes 3 bytes so, and 6 as an escape
templates.policies["json.dumps_kwargs"] = {"ensure_ascii": False}
templates.filters["named"] = named
templates.globals["imported"] = imported


def words_of(request: Request, otherwise: Language = "ko") -> Words:
    """The words in the reader's language; ``otherwise`` where nothing says which."""
    asked, remembered = request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE)
    return Words(language_for(asked, remembered, request.headers.get("accept-language"), otherwise))


def theme_of(request: Request) -> str:
    asked, remembered = request.query_params.get("theme"), request.cookies.get(THEME_COOKIE)
    return next((name for name in (asked, remembered) if name in THEMES), THEMES[0])


def here(request: Request, **other: str) -> str:
    """The page's own address, with some of its parameters changed. Language and theme are not part of it."""
    asked = {
        name: value for name, value in request.query_params.items() if name not in {"lang", "theme"}
    } | other
    return f"{request.url.path}?{urlencode(asked)}" if asked else request.url.path


def answer_with(
    request: Request, template: str, *, status: int = 200, otherwise: Language = "ko", **values: object
) -> HTMLResponse:
    """A page of this template and these values, never kept. ``otherwise`` as in `words_of`."""
    words = words_of(request, otherwise)
    other: Language = "en" if words.language == "ko" else "ko"
    around = {
        "t": words,
        "assets": PLACE,
        "other_language": other,
        "theme": theme_of(request),
        "here": partial(here, request),
    }
    response = _packed(request, templates.get_template(template).render(around | values), status)
    chosen, theme = known_language(request.query_params.get("lang")), request.query_params.get("theme")
    if chosen:
        response.set_cookie(LANGUAGE_COOKIE, chosen, max_age=YEAR_S, samesite="lax", httponly=True)
    if theme in THEMES:
        response.set_cookie(THEME_COOKIE, theme, max_age=YEAR_S, samesite="lax", httponly=True)
    response.headers["Content-Language"] = words.language
    return response


def _packed(request: Request, page: str, status: int) -> HTMLResponse:
    """The answer, compressed where only the reader can have asked for it: a page shrinks to a fifth and less.

    The length of a page that holds the session's token beside what an address makes it say would tell of the token to
    somebody who watches the line and has a browser ask again and again (BREACH). Another site can do that to a reader;
    our own page and the reader's own hand cannot, and the browser says which of them it was.
    """
    headers = {
        "Cache-Control": "no-store",
        "Vary": "Cookie, Accept-Language, Accept-Encoding, Sec-Fetch-Site",
    }
    content = page.encode()
    takes = "gzip" in request.headers.get("accept-encoding", "")
    if takes and request.headers.get("sec-fetch-site") in {"same-origin", "none"}:
        content, headers["Content-Encoding"] = gzip.compress(content, 5, mtime=0), "gzip"
    return HTMLResponse(content, status, headers=headers)
