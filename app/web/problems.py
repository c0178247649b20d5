"""Problem documents (RFC 9457): the one place where errors become what clients and people read.

Workers use `problem_of` for what they store with a job or a segment, so that a rejected recording reads the same
whether its upload was refused at once or its ingest failed a minute later.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from app import errors
from app.people.service import TooManyAttempts
from app.uploads import errors as uploads
from audio.errors import AudioError
from schedules.errors import ScheduleError, Uncompilable

MEDIA_TYPE = "application/problem+json"

CHECKSUM_MISMATCH = 460
"""Tus's own status for a piece that is not what its checksum says; HTTP has none."""

_STATUS: dict[type[Exception], int] = {
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.StaleRevision: HTTPStatus.PRECONDITION_FAILED,
    errors.NotSignedIn: HTTPStatus.UNAUTHORIZED,
    errors.Forbidden: HTTPStatus.FORBIDDEN,
    errors.TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.DiskReserve: HTTPStatus.INSUFFICIENT_STORAGE,
    TooManyAttempts: HTTPStatus.TOO_MANY_REQUESTS,
    uploads.UnsupportedVersion: HTTPStatus.PRECONDITION_FAILED,
    uploads.WrongContentType: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    uploads.ChecksumMismatch: CHECKSUM_MISMATCH,
    uploads.Gone: HTTPStatus.GONE,
    uploads.Locked: HTTPStatus.LOCKED,
    uploads.TooSlow: HTTPStatus.REQUEST_TIMEOUT,
    uploads.Stopping: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.DanpaError: HTTPStatus.BAD_REQUEST,
    AudioError: HTTPStatus.UNPROCESSABLE_ENTITY,
    ScheduleError: HTTPStatus.UNPROCESSABLE_ENTITY,
}
"""The most specific class of an error decides: feature packages may subclass."""

_HEADERS: dict[type[Exception], dict[str, str]] = {
    errors.NotSignedIn: {"WWW-Authenticate": "Bearer"},
    TooManyAttempts: {"Retry-After": "10"},
    uploads.UnsupportedVersion: {"Tus-Version": "1.0.0"},
    uploads.Locked: {"Retry-After": "5"},
    uploads.Stopping: {"Retry-After": "5"},
}

_WORDS = {
    "missing": "is missing",
    "extra_forbidden": "is not known here: look for a typing error",
    "int_parsing": "is not a whole number",
    "int_type": "is not a whole number",
    "float_parsing": "is not a number",
    "float_type": "is not a number",
    "string_type": "is not a text",
    "bool_type": "is neither true nor false",
    "bool_parsing": "is neither true nor false",
    "list_type": "is not a list",
    "json_invalid": "the body is not JSON",
}
"""Our words for Pydantic's commonest refusals; its own text stays for the others."""


def problem_of(error: Exception) -> dict[str, Any]:
    """The problem document of any error: type, title, status, detail, and ``errors`` with field names.

    Unexpected errors say nothing of their inside.
    """
    if isinstance(error, RequestValidationError):
        return _of_validation(error)
    if isinstance(error, HTTPException):
        return _of_http(error)
    for kind in type(error).__mro__:
        if kind in _STATUS:
            return _of_domain(error, _STATUS[kind])
    return _problem(
        "internal-error",
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "something went wrong inside Danpa, and nothing was changed by it; the engineer finds it in the log",
    )


def problem_response(error: Exception) -> JSONResponse:
    """The HTTP answer of an error."""
    problem = problem_of(error)
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    for kind in type(error).__mro__:
        headers |= _HEADERS.get(kind, {})
    return JSONResponse(problem, problem["status"], headers, MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Answer every error that is expected with its problem document (the frame catches the others)."""

    async def answer(_request: Request, error: Exception) -> JSONResponse:
        return problem_response(error)

    for kind in (RequestValidationError, HTTPException, *_STATUS):
        app.add_exception_handler(kind, answer)


def _problem(code: str, status: int, detail: str, listed: Sequence[dict[str, str]] = ()) -> dict[str, Any]:
    title = code.replace("-", " ").capitalize()
    detail = _encodable(detail)
    problem = {
        "type": f"urn:danpa:problem:{code}",
        "title": title,
        "status": int(status),
        "detail": detail,
    }
    shown = [{name: _encodable(text) for name, text in one.items()} for one in listed]
    return problem | ({"errors": shown} if shown else {})


def _encodable(text: str) -> str:
    """Messages repeat what was sent, and JSON can send lone surrogates, which no answer in UTF-8 can hold."""
    return text.encode(errors="replace").decode()


def _encodable_within(value: Any) -> Any:
    """The same of all texts of a JSON document."""
    if isinstance(value, dict):
        return {name: _encodable_within(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_encodable_within(one) for one in value]
    return _encodable(value) if isinstance(value, str) else value


def _of_domain(error: Exception, status: int) -> dict[str, Any]:
    code = getattr(error, "code", "danpa-error")
    field = getattr(error, "field", None)
    listed = [{"field": field, "message": str(error)}] if field else []
    problem = _problem(code, status, str(error), listed)
    if isinstance(error, ScheduleError | errors.DanpaError) and error.said is not None:
        problem["said"] = _encodable_within(error.said.written())
    if isinstance(error, Uncompilable):
        # Clocks hold no lone surrogates, so neither does what is said of them
        problem["relaxations"] = [one.written() for one in error.relaxations]
        if error.nearest is not None:
            problem["nearest"] = json.loads(error.nearest.to_json())
    return problem


def _of_http(error: HTTPException) -> dict[str, Any]:
    status = HTTPStatus(error.status_code)
    words = {
        HTTPStatus.NOT_FOUND: "there is nothing at this address",
        HTTPStatus.METHOD_NOT_ALLOWED: "this address exists, but not for this method",
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "the request is larger than this address takes",
    }
    plain = str(error.detail) in {"", status.phrase, "Not Found", "Content Too Large"}
    detail = words.get(status, status.description or status.phrase) if plain else str(error.detail)
    code = (
        "too-large"
        if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        else status.phrase.lower().replace(" ", "-")
    )
    return _problem(code, status, detail)


def _of_validation(error: RequestValidationError) -> dict[str, Any]:
    listed = [{"field": _field(one), "message": _message(one)} for one in error.errors()]
    detail = "; ".join(
        f"{one['field']}: {one['message']}" if one["field"] else one["message"] for one in listed
    )
    return _problem("invalid", HTTPStatus.UNPROCESSABLE_ENTITY, detail, listed)


def _field(one: dict[str, Any]) -> str:
    """``("body", "days", 0)`` -> ``days.0``: where a reader of the body looks."""
    if one["type"] == "json_invalid":
        return ""  # its location is a position in the text
    return ".".join(str(part) for part in one["loc"][1:])


def _message(one: dict[str, Any]) -> str:
    if one["type"] == "value_error":
        return str(one["ctx"]["error"]) if "ctx" in one else str(one["msg"])
    return _WORDS.get(one["type"]) or str(one["msg"])[:1].lower() + str(one["msg"])[1:]
