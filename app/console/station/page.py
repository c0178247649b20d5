"""The station itself: its people, keys and settings, and the first steps of a new one."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(include_in_schema=False)
