from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from app.web.bodies import Answer, example


class ListeningOut(Answer):
    """What was heard once at the other end of a live feed."""

    model_config = Answer.model_config | example(
        feed_id=3, at="2026-11-22T20:10:20.500000Z", finding="ok", delay_s=2.4, likeness=0.98, loudness_dbfs=-17.2,
        level="programme", confirmed=False,
    )  # fmt: skip

    feed_id: int
    at: Annotated[datetime, Field(description="When the last of the sound came")]
    finding: Annotated[
        str,
        Field(
            description="ok, unreachable, silent, stuck, wrong; unclear: it tells nothing (silence where silence was expected, sound of before)"
        ),
    ]
    delay_s: Annotated[float | None, Field(description="So much later than due it was heard")]
    likeness: Annotated[float | None, Field(description="With what went out, from 0 to 1; ok from 0.4 on")]
    loudness_dbfs: Annotated[float | None, Field(description="Of its loudest tenth of a second")]
    level: Annotated[str | None, Field(description="The step of the chain that went out then")]
    confirmed: Annotated[
        bool, Field(description="The second silent, stuck or wrong in a row; the third unreachable")
    ]
