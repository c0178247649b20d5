"""`/api/v1/batches`: how far files are that were sent together."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path
from pydantic import Field

from app.database import reading
from app.uploads.api import CurrentDesk
from app.uploads.batches import Batch, batch_of
from app.web.bodies import Answer, example
from app.web.dependencies import Actor, Database
from app.web.routing import Router

router = Router(prefix="/api/v1", tags=["uploads"])


_FILE: dict[str, Any] = {
    "name": "증언 3부.m4a",
    "state": "uploading",
    "bytes": 28800044,
    "brought_bytes": 16777216,
    "segment_id": None,
    "error": None,
}


class BatchFileOut(Answer):
    """A file: ``uploading`` or ``failed``, or the state of its segment."""

    model_config = Answer.model_config | example(**_FILE)

    name: str
    state: str
    bytes: int
    brought_bytes: int
    segment_id: int | None
    error: Annotated[str | None, Field(description="Why nothing came of it")]


class BatchOut(Answer):
    """All files of a batch together; ``fraction`` is half the bytes' way here, half what is done with them."""

    model_config = Answer.model_config | example(
        name="2026-11-22 증언",
        bytes=28800044,
        brought_bytes=16777216,
        settled=0,
        refused=0,
        fraction=0.2913,
        files=[_FILE],
    )

    name: str
    bytes: int
    brought_bytes: int
    settled: Annotated[int, Field(description="Files of which nothing more is to come")]
    refused: Annotated[int, Field(description="Of those: what could not be used")]
    fraction: float
    files: list[BatchFileOut]

    @classmethod
    def of(cls, batch: Batch) -> BatchOut:
        return cls.model_validate(batch)


@router.get("/batches/{name:path}", summary="How far the files are that you sent together")
def read_batch(
    name: Annotated[str, Path(max_length=100)], database: Database, desk: CurrentDesk, actor: Actor
) -> BatchOut:
    """The name is what each upload said as `batch`. While files come in, `GET /events` tells the same as `batches`."""
    with reading(database) as session:
        return BatchOut.of(batch_of(session, name, actor.person_id, desk.receptions.offset))
