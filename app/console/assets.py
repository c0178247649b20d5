"""The files that pages are made of, as they were when the process started: never half of a new version."""

from __future__ import annotations

import gzip
import hashlib
import re
from functools import cache, lru_cache
from pathlib import Path, PurePath

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.errors import NotFound
from app.web.problems import problem_response
from app.web.security import HEADERS

ASSETS = {path.name: path.read_bytes() for path in sorted((Path(__file__).parent / "static").iterdir())}

FINGERPRINT = hashlib.sha256(b"\0".join(ASSETS.values())).hexdigest()[:12]
"""Part of their addresses: browsers keep them for ever, and a new version of Danpa has other addresses."""

PLACE = f"/static/{FINGERPRINT}"

MOST_TOGETHER = 5
"""So many style sheets come as one: who asks for more than any page does gets nothing."""

MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

KEPT_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}

IMPORT = re.compile(r'^import [^;]*?"\./([\w-]+)\.js";', re.MULTILINE)


@cache
def imported(*modules: str) -> list[str]:
    """All modules that these import, and those again: what a browser would else learn of one round trip after the other."""
    found: list[str] = []
    waiting = list(modules)
    while waiting:
        for name in IMPORT.findall(ASSETS[f"{waiting.pop()}.js"].decode()):
            if name not in found and name not in modules:
                found.append(name)
                waiting.append(name)
    return sorted(found)


class Assets:
    """Answers for the files, in front of everything else: a page takes twenty of them, which are no secret and no news for the log."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_one = scope["type"] == "http" and scope["path"].startswith("/static/")
        app: ASGIApp = _answer_to(scope) if is_one else self._app
        await app(scope, receive, send)


def _answer_to(scope: Scope) -> Response:
    place, _, name = scope["path"].rpartition("/")
    is_packed = "gzip" in Headers(scope=scope).get("accept-encoding", "")
    found = _file(name, is_packed) if place == PLACE and scope["method"] in {"GET", "HEAD"} else None
    return found or problem_response(NotFound("there is no such file: reload the page"))


@lru_cache(maxsize=256)
def _file(name: str, is_packed: bool) -> Response | None:  # noqa: FBT001 - what tells one from the other
    """A file; or the style sheets of a page as one, such as ``base+console.css``. None where one of them is not there."""
    path = PurePath(name)
    names = [f"{stem}{path.suffix}" for stem in path.stem.split("+")] if path.suffix == ".css" else [name]
    if len(names) > MOST_TOGETHER or not all(one in ASSETS for one in names):
        return None
    content = b"".join(ASSETS[one] for one in names)
    headers = HEADERS | KEPT_FOR_EVER
    if is_packed:
        content, headers = gzip.compress(content, mtime=0), headers | {"Content-Encoding": "gzip"}
    return Response(content, media_type=MEDIA_TYPES[path.suffix], headers=headers)
