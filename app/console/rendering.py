"""What every page is made of: templates, the reader's words, the frame's values, and the answer's headers."""

from __future__ import annotations

import gzip
import hashlib
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.console.messages import LANGUAGE_COOKIE, Language, known_language, language_for
from app.console.words import Words, harmless, named

HERE = Path(__file__).parent
ASSETS = {path.name: path.read_bytes() for path in sorted((HERE / "static").iterdir())}
"""What pages are made of, as it was when the process started: never half of a new version."""

COMPRESSED = {name: gzip.compress(content, mtime=0) for name, content in ASSETS.items()}
"""The same, a third as large. Pages themselves are never compressed: they hold the session's token beside what an address may
make them say, and the length of both together would tell of it (BREACH).
"""

FINGERPRINT = hashlib.sha256(b"\0".join(ASSETS.values())).hexdigest()[:12]
"""Part of the assets' addresses: browsers keep them for ever, and a new version of Danpa has other addresses."""

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
templates.filters["named"] = named


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
        "assets": f"/static/{FINGERPRINT}",
        "other_language": other,
        "theme": theme_of(request),
        "here": partial(here, request),
    }
    page = templates.get_template(template).render(around | values)
    response = HTMLResponse(
        page, status, headers={"Cache-Control": "no-store", "Vary": "Cookie, Accept-Language"}
    )
    chosen, theme = known_language(request.query_params.get("lang")), request.query_params.get("theme")
    if chosen:
        response.set_cookie(LANGUAGE_COOKIE, chosen, max_age=YEAR_S, samesite="lax", httponly=True)
    if theme in THEMES:
        response.set_cookie(THEME_COOKIE, theme, max_age=YEAR_S, samesite="lax", httponly=True)
    response.headers["Content-Language"] = words.language
    return response
