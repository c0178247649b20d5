"""The files that pages are made of, as they were when the process started: never half of a new version."""

from __future__ import annotations

import gzip
import hashlib
import re
from functools import cache
from pathlib import Path, PurePath

from fastapi import Request, Response

from app.errors import NotFound
from app.web.routing import Router

ASSETS = {path.name: path.read_bytes() for path in sorted((Path(__file__).parent / "static").iterdir())}
COMPRESSED = {name: gzip.compress(content, mtime=0) for name, content in ASSETS.items()}
"""The same, a third as large."""

FINGERPRINT = hashlib.sha256(b"\0".join(ASSETS.values())).hexdigest()[:12]
"""Part of their addresses: browsers keep them for ever, and a new version of Danpa has other addresses."""

MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

IMPORT = re.compile(r'^import [^;]*?"\./([\w-]+)\.js";', re.MULTILINE)

router = Router(include_in_schema=False)


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


@router.get("/static/{fingerprint}/{name}")
async def get_asset(request: Request, fingerprint: str, name: str) -> Response:
    if name not in ASSETS or fingerprint != FINGERPRINT:
        raise NotFound("there is no such file: reload the page")
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
    content = ASSETS[name]
    if "gzip" in request.headers.get("accept-encoding", ""):
        content, headers["Content-Encoding"] = COMPRESSED[name], "gzip"
    return Response(content, media_type=MEDIA_TYPES[PurePath(name).suffix], headers=headers)
