"""One segment: its sound, its edits, its details, and where it aired."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(include_in_schema=False)
