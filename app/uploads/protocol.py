"""The headers of tus 1.0.0 (tus.io/protocols/resumable-upload), read and written."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Coroutine
from email.utils import format_datetime
from typing import Any, Final

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from app.errors import DanpaError
from app.settings import Settings
from app.uploads.errors import TusError, UnsupportedVersion, WrongContentType
from app.uploads.models import Upload, UploadState
from app.uploads.partial import ALGORITHMS, Checksum
from app.web.problems import problem_response

VERSION: Final = "1.0.0"
EXTENSIONS: Final = "creation,creation-with-upload,expiration,termination,checksum"
PIECE: Final = "application/offset+octet-stream"
SEGMENT: Final = "Danpa-Segment"
"""Of what the upload has become."""

_NUMBER = re.compile(r"\d{1,18}", re.ASCII)


class TusRoute(APIRoute):
    """Every answer names the protocol's version, refusals included."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def versioned(request: Request) -> Response:
            try:
                response = await handler(request)
            except (DanpaError, HTTPException, RequestValidationError) as error:
                response = problem_response(error)
            response.headers["Tus-Resumable"] = VERSION
            return response

        return versioned


def capabilities(settings: Settings) -> dict[str, str]:
    """What OPTIONS tells."""
    return {
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(settings.upload_limit_bytes),
        "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
    }


def require_version(request: Request) -> None:
    """Raises UnsupportedVersion unless the client speaks ours."""
    given = request.headers.get("tus-resumable")
    if given != VERSION:
        said = f"Tus-Resumable is {given[:20]!r}" if given else "Tus-Resumable is missing"
        raise UnsupportedVersion(f"{said}; this server speaks {VERSION}")


def read_length(request: Request) -> int:
    """``Upload-Length``.

    Raises:
        TusError: it is missing or no number; the length is deferred, or the upload is to be one of several parts.
    """
    if "upload-defer-length" in request.headers:
        raise TusError(
            "Upload-Defer-Length is not supported here: a station's disk is asked for the whole length first; send Upload-Length"
        )
    if "upload-concat" in request.headers:
        raise TusError(
            "Upload-Concat is not supported here: send the file in one upload (parallelUploads: 1)"
        )
    return _number(request, "Upload-Length")


def read_offset(request: Request) -> int:
    """``Upload-Offset``. Raises TusError."""
    return _number(request, "Upload-Offset")


def _number(request: Request, name: str) -> int:
    text = request.headers.get(name)
    if text is None:
        raise TusError(f"{name} is missing")
    if not _NUMBER.fullmatch(text):
        raise TusError(f"{name} {text[:20]!r} is not a whole number of bytes")
    return int(text)


def has_piece(request: Request) -> bool:
    """Whether the request brings bytes of the file.

    Raises:
        WrongContentType: it has a body, but of another type.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() == PIECE:
        return True
    if request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers:
        raise WrongContentType(f"send the bytes as Content-Type: {PIECE}")
    return False


def read_checksum(request: Request) -> Checksum | None:
    """``Upload-Checksum``. Raises TusError where it cannot be read or its algorithm is not known."""
    header = request.headers.get("upload-checksum")
    if header is None:
        return None
    algorithm, _, digest = header.strip().partition(" ")
    if algorithm not in ALGORITHMS:
        raise TusError(
            f"the checksum algorithm {algorithm[:20]!r} is not known; known are {', '.join(ALGORITHMS)}"
        )
    try:
        return Checksum(algorithm, base64.b64decode(digest.strip(), validate=True))
    except (binascii.Error, ValueError):
        raise TusError("Upload-Checksum is not an algorithm and a Base64 digest") from None


def headers_of(upload: Upload) -> dict[str, str]:
    """What every answer about an upload says."""
    headers = {"Upload-Offset": str(upload.received), "Cache-Control": "no-store"}
    if upload.state == UploadState.open:
        headers["Upload-Expires"] = format_datetime(upload.expires_at, usegmt=True)
    if upload.segment_id is not None:
        headers[SEGMENT] = str(upload.segment_id)
    return headers
