"""Whom to call at a site."""

from __future__ import annotations

from app.console.tonight.views import Desk
from app.frequencies.models import Site


def desk_of(site: Site) -> Desk | None:
    """Its desk; None where nobody has written down a number."""
    phone = site.desk.get("phone", "").strip()
    return Desk(site.name, phone, site.desk.get("name", ""), site.desk.get("hours", "")) if phone else None
