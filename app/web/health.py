"""Health: is the process alive, and can it do its work. Open to everybody; says nothing about programmes."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from app.database import NotInitialised, require_current
from app.settings import Settings
from app.storage import free_bytes
from app.web.dependencies import CurrentSettings, Database, Now
from app.web.routing import Router

ENGINE_FRESH_FOR = timedelta(seconds=60)
"""The engine writes its status at every sweep, a few seconds apart; under load it may miss some."""

router = Router(prefix="/health", tags=["health"])


class Health(BaseModel):
    """Whether all is well, and if not, why, in words."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"ok": True, "reasons": []}]})

    ok: bool
    reasons: Annotated[list[str], Field(description="What is wrong, in words; empty when all is well.")] = []


@router.head("/live", include_in_schema=False)
@router.get("/live", summary="Is the web process alive?")
async def live() -> Health:
    return Health(ok=True)


@router.head("/ready", include_in_schema=False)
@router.get(
    "/ready",
    summary="Can the station do its work?",
    responses={503: {"model": Health, "description": "It cannot: the reasons are in the answer."}},
)
def ready(response: Response, settings: CurrentSettings, database: Database, now: Now) -> Health:
    checks = (_database(settings, database), _engine(settings, now), _disk(settings))
    reasons = [reason for reason in checks if reason is not None]
    if reasons:
        response.status_code = 503
    return Health(ok=not reasons, reasons=reasons)


def engine_seen_at(settings: Settings) -> datetime | None:
    """When the engine last came round; None where it never did or its status cannot be read."""
    try:
        seen = datetime.fromisoformat(json.loads((settings.run_dir / "engine.json").read_bytes())["at"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return seen if seen.tzinfo else None


def is_fresh(seen: datetime, now: datetime) -> bool:
    """Whether an engine that was seen then is still at work."""
    return now - seen <= ENGINE_FRESH_FOR


def _database(settings: Settings, database: Engine) -> str | None:
    try:
        require_current(settings, database)
    except NotInitialised:  # its words name the station's folder, which is nobody's business out here
        return "the database is not there or was made by another version of Danpa: run `danpa init`"
    except SQLAlchemyError:
        return "the database cannot be read"
    return None


def _engine(settings: Settings, now: datetime) -> str | None:
    seen = engine_seen_at(settings)
    if seen is None:
        return "the engine has not started yet, or its status file cannot be read: nothing is compiled or delivered"
    if not is_fresh(seen, now):
        return f"the engine was last seen at {seen:%Y-%m-%d %H:%M:%S} UTC: nothing is compiled or delivered"
    return None


def _disk(settings: Settings) -> str | None:
    free = free_bytes(settings)
    if free >= settings.disk_reserve_bytes:
        return None
    return f"the disk has {free >> 20} MiB left, less than the reserve of {settings.disk_reserve_bytes >> 20} MiB"
