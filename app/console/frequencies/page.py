"""The season: lines, conflicts, pools, moves and propagation."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(include_in_schema=False)
