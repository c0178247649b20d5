"""What every page is made of: templates, the reader's words, the frame's values, and the answer's headers."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from pathlib import Path

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.web.messages import LANGUAGE_COOKIE, Language, known_language, language_for
from app.web.words import Words, harmless, named

HERE = Path(__file__).parent
ASSETS = {path.name: path for path in sorted((HERE / "static").iterdir())}

FINGERPRINT = hashlib.sha256(b"\0".join(path.read_bytes() for path in ASSETS.values())).hexdigest()[:12]
"""Part of the assets' addresses: browsers keep them for ever, and a new version of Danpa has other addresses."""

YEAR_S = 365 * 24 * 3600
"""The choice of language is remembered for a year."""

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


def frame(words: Words, night: date | None, tonight: date | None) -> dict[str, object]:
    """What every template asks for."""
    other: Language = "en" if words.language == "ko" else "ko"
    return {
        "t": words,
        "assets": f"/static/{FINGERPRINT}",
        "night": night,
        "tonight": tonight,
        "other_language": other,
        "previous_night": night - timedelta(days=1) if night else None,
        "next_night": night + timedelta(days=1) if night else None,
        "shown_tonight": night == tonight,
    }


def page_answer(
    page: str, request: Request, status: int = 200, *, otherwise: Language = "ko"
) -> HTMLResponse:
    """A page, never kept; ``otherwise`` as in `words_of`."""
    response = HTMLResponse(
        page, status, headers={"Cache-Control": "no-store", "Vary": "Cookie, Accept-Language"}
    )
    chosen = known_language(request.query_params.get("lang"))
    if chosen:
        response.set_cookie(LANGUAGE_COOKIE, chosen, max_age=YEAR_S, samesite="lax", httponly=True)
    response.headers["Content-Language"] = words_of(request, otherwise).language
    return response


def sign_in_form(
    request: Request,
    words: Words,
    night: date | None,
    wrong: str | None = None,
    status: int = 200,
    *,
    then: str = "",
) -> Response:
    """``then`` names the page that was asked for, where it is not a night."""
    page = templates.get_template("sign_in.html").render(frame(words, night, night), wrong=wrong, then=then)
    return page_answer(page, request, status)
