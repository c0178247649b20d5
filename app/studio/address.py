"""Where studios connect, as the studio process says itself."""

from __future__ import annotations

import json

from app.locks import holder
from app.settings import Settings


def studio_address(settings: Settings) -> str | None:
    """``host:port``; None where no studio can connect just now."""
    if settings.studio_port is None or holder(settings.run_dir / "studio.lock") is None:
        return None
    try:
        status = json.loads((settings.run_dir / "studio.json").read_bytes())
        return f"{status['host']}:{status['port']}"
    except (OSError, ValueError, KeyError, TypeError):
        return None
