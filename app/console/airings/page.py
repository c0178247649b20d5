"""One airing: its rundown, and what people do with it."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(include_in_schema=False)
