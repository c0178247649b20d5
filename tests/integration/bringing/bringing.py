"""Imports as a person starts them, and what they tell."""

from __future__ import annotations

import io
from dataclasses import fields
from pathlib import Path

from rich.console import Console

from app.bringing.planning import Wishes
from app.bringing.running import Manner, run_import
from tests.integration.library.stations import Station

_OF_WISHES = {field.name for field in fields(Wishes)}


def imported(
    station: Station, source: Path, listing: Path | None = None, **options: object
) -> tuple[int, str]:
    """Import a folder or a ZIP file; `options` are those of `Wishes` and `Manner`. Gives the exit status and what was printed."""
    wishes = {name: value for name, value in options.items() if name in _OF_WISHES}
    manner = {"yes": True, "threads": 2} | {
        name: value for name, value in options.items() if name not in _OF_WISHES
    }
    output = io.StringIO()
    status = run_import(
        station.engine,
        station.settings,
        source,
        Wishes(station.person_id, **wishes),  # type: ignore[arg-type]
        Manner(**manner),  # type: ignore[arg-type]
        console=Console(file=output, width=250),
        listing=listing,
    )
    return status, output.getvalue()
