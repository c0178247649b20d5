"""The web server: uvicorn, ended in an orderly way.

Uvicorn waits for every answer to finish before it stops, and a page's event stream never does by itself: it is told. So are
uploads in pieces, which go on elsewhere from where they are.
"""

from __future__ import annotations

import json
import os
import socket

import uvicorn
from fastapi import FastAPI

from app.pull.endings import EndingProtocol
from app.settings import Settings
from app.storage import write_atomically

GRACE_S = 10
"""An upload by form that is still running after this is cut; its sender tries again."""


class Server(uvicorn.Server):
    """Tells the application that it stops, so that its endless answers end."""

    def __init__(self, app: FastAPI, settings: Settings) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=EndingProtocol,
                host=settings.host,
                port=settings.port,
                access_log=False,  # the frame writes its own, without one-time secrets in addresses
                log_config=None,
                server_header=False,
                timeout_graceful_shutdown=GRACE_S,
            )
        )
        self._app = app
        self._settings = settings

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and leave our address where the supervisor and its greeting find it (port 0 takes any)."""
        await super().startup(sockets)
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            url = self._settings.public_url or f"http://{f'[{host}]' if ':' in host else host}:{port}"
            status = json.dumps({"pid": os.getpid(), "url": url.rstrip("/")})
            write_atomically(self._settings.run_dir / "web.json", status.encode())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._app.state.stopping.set()
        self._app.state.receptions.stop()
        await super().shutdown(sockets)
