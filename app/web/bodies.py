"""What the API's bodies have in common: strict reading, clean text, and one instant format."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Response
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationInfo

from app.errors import Invalid
from app.library.names import clean_line


def example(**fields: Any) -> ConfigDict:
    """The configuration of a body that shows itself in the API's description; a test validates each."""
    return ConfigDict(json_schema_extra={"examples": [fields]})


class Body(BaseModel):
    """What a client sends: a field that is not known is an error, since it is most often a typing error."""

    model_config = ConfigDict(extra="forbid")


class Answer(BaseModel):
    """What a client gets, read from the row's attributes."""

    model_config = ConfigDict(from_attributes=True)


class SaidOut(Answer):
    """A sentence, and for translators its code and the values in it."""

    model_config = Answer.model_config | example(
        code="move-in-pool", text="in the pool: cleared until 2027", values={"status": "cleared until 2027"}
    )

    code: str
    text: str
    values: dict[str, Any]


def _line(text: str, info: ValidationInfo) -> str:
    try:
        line = clean_line(text, info.field_name or "text")
    except Invalid as wrong:
        raise ValueError(str(wrong)) from None
    if not line:
        raise ValueError("is empty")
    return line


def _prose(text: str, info: ValidationInfo) -> str:
    try:
        lines = [clean_line(line, info.field_name or "text", 2000) for line in text.splitlines()]
    except Invalid as wrong:
        raise ValueError(str(wrong)) from None
    return "\n".join(lines).strip()


def _utc(instant: datetime) -> datetime:
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise ValueError("is beyond the years 1 to 9999 in UTC") from None


Text = Annotated[str, AfterValidator(_line)]
"""One line, NFC, without control characters; not empty."""
Prose = Annotated[str, AfterValidator(_prose), Field(max_length=4000)]
"""Several lines, each as `Text`; may be empty."""
Instant = Annotated[AwareDatetime, AfterValidator(_utc)]
"""An instant with its time zone, kept as UTC."""
RowId = Annotated[int, Field(ge=1, lt=2**63)]
"""The id of a row: SQLite has no larger numbers, and Python's driver fails on them."""


def etag_of(revision: int) -> str:
    """A revision as an entity tag."""
    return f'"{revision}"'


def etag(response: Response, revision: int) -> None:
    """Give the revision that If-Match will name."""
    response.headers["ETag"] = etag_of(revision)


def created(response: Response, path: str, revision: int | None = None) -> None:
    """Say where the new thing is."""
    response.headers["Location"] = path
    if revision is not None:
        etag(response, revision)
