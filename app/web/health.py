"""Health: is the process alive, and can it do its work. Open to everybody; says nothing about programmes."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from app.database import NotInitialised, require_current
from app.settings import Settings
from app.storage import free_bytes
from app.web.dependencies import CurrentSettings, Database, Now

ENGINE_FRESH_FOR = timedelta(seconds=60)
"""The engine writes its status at every sweep, a few seconds apart; under load it may miss some."""

router = APIRouter(prefix="/health", tags=["health"])


class Health(BaseModel):
    """Whether all is well, and if not, why, in words."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"ok": True, "reasons": []}]})

    ok: bool
    reasons: Annotated[list[str], Field(description="What is wrong, in words; empty when all is well.")] = []


@router.get("/live", summary="Is the web process alive?")
async def live() -> Health:
    return Health(ok=True)


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


def _database(settings: Settings, database: Engine) -> str | None:
    try:
        require_current(settings, database)
    except NotInitialised as error:
        return str(error)
    except SQLAlchemyError:
        return "the database cannot be read"
    return None


def _engine(settings: Settings, now: datetime) -> str | None:
    try:
        status = json.loads((settings.run_dir / "engine.json").read_text())
        seen = datetime.fromisoformat(status["at"])
        age = now - seen
    except FileNotFoundError:
        return "the engine has not started yet: nothing is compiled or delivered"
    except (OSError, ValueError, KeyError, TypeError):
        return "the engine's status file cannot be read"
    if age > ENGINE_FRESH_FOR:
        return f"the engine was last seen at {seen:%Y-%m-%d %H:%M:%S} UTC: nothing is compiled or delivered"
    return None


def _disk(settings: Settings) -> str | None:
    free = free_bytes(settings)
    if free >= settings.disk_reserve_bytes:
        return None
    return f"the disk has {free >> 20} MiB left, less than the reserve of {settings.disk_reserve_bytes >> 20} MiB"
