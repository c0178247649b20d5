"""Uploads as the API shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import Field

from app.uploads.models import Upload, UploadState
from app.web.bodies import Answer, example


class UploadOut(Answer):
    """A resumable upload, and how far it is."""

    model_config = example(
        id=7,
        location="/api/v1/uploads/5f0c6c2ab9e1c3f5b6d1a7e0f1f0d8f5",
        state="open",
        file_name="증언_김씨.m4a",
        fields={"title": ["증언 3부"], "kind": ["testimony"]},
        length=28800044,
        offset=16777216,
        arriving=True,
        created_at="2026-11-22T09:12:44Z",
        expires_at="2026-11-23T09:14:02Z",
        segment_id=None,
        problem=None,
    )

    id: Annotated[int, Field(description="As events of the subject `upload` name it")]
    location: str
    state: UploadState
    file_name: str
    fields: Annotated[dict[str, list[str]], Field(description="The description of the segment to be")]
    length: Annotated[int, Field(description="Bytes in all")]
    offset: Annotated[
        int, Field(description="Bytes so far; while more arrive, some of them are not yet on the disk")
    ]
    arriving: Annotated[bool, Field(description="A request brings bytes at this moment")]
    created_at: datetime
    expires_at: Annotated[
        datetime, Field(description="Given up then, if no byte comes before; once it is over, forgotten then")
    ]
    segment_id: int | None
    problem: Annotated[dict[str, Any] | None, Field(description="Why it failed, as a problem document")]

    @classmethod
    def of(cls, upload: Upload, arriving: int | None) -> Self:
        """An upload, and where the request that brings bytes to it stands."""
        values = upload.model_dump(include=set(cls.model_fields))
        return cls(
            **values,
            location=location_of(upload),
            offset=upload.received if arriving is None else max(arriving, upload.received),
            arriving=arriving is not None,
        )


def location_of(upload: Upload) -> str:
    """Its address."""
    return f"/api/v1/uploads/{upload.name}"
