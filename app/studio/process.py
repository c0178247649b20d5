"""The studio process: a server to which studios connect as to an Icecast. It encodes what they send, and nothing waits for it.

Killed, it takes the studios with it, and the air process goes back to the programme by itself; the next one finds what the
killed one has recorded.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import threading
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from app.airings import service
from app.database import open_database, reading, writing
from app.errors import Conflict, DanpaError
from app.locks import Lock
from app.processes import is_news, utcnow
from app.settings import Settings
from app.storage import write_atomically
from app.studio.access import Permit, permit
from app.studio.files import Note, clear_away, count_frames, notes
from app.studio.handing_over import hand_over
from app.studio.protocol import LONGEST_HEAD, Refused, Request, answer, body_of, read_request, welcome
from app.studio.takeover import Takeover, position_of, want
from app.studio.turns import heard
from audio.pcm import RATE
from audio.profile import Encoding

log = structlog.get_logger()

MOST_CONNECTIONS = 32
WRONG_KEY_S = 1.0
"""Who has a wrong key waits for the answer: nobody guesses 256 bits, but a client that tries again at once keeps us busy."""

SWEEP_S = 30.0
POLL_S = 0.25
METADATA = "/admin/metadata"
"""Where clients tell titles. Nothing is done with them: what leaves carries none."""


def run_studio(settings: Settings, stopping: threading.Event) -> None:
    """Serve until told to stop."""
    lock = Lock(settings.run_dir / "studio.lock")
    while not lock.acquire():  # the one before us is still ending
        if stopping.wait(POLL_S):
            return
    try:
        asyncio.run(StudioServer(settings, open_database(settings)).run(stopping))
    finally:
        lock.release()


@dataclass
class StudioServer:
    """Lets studios in, one for each airing."""

    settings: Settings
    database: Engine
    takeovers: dict[int, Takeover | None] = field(default_factory=dict)
    """By airing; None: somebody is being let in."""
    _connections: set[asyncio.Task[None]] = field(default_factory=set)

    async def run(self, stopping: threading.Event) -> None:
        self.settings.studio_dir.mkdir(mode=0o700, exist_ok=True)
        sweeping = asyncio.create_task(self._sweep())
        server = await asyncio.start_server(
            self._connected, self.settings.studio_host, self.settings.studio_port or 0, limit=LONGEST_HEAD
        )
        host, port = server.sockets[0].getsockname()[:2]
        status = json.dumps({"pid": os.getpid(), "host": host, "port": port})
        write_atomically(self.settings.run_dir / "studio.json", status.encode())
        log.info("studios may connect", host=host, port=port)
        await asyncio.to_thread(stopping.wait)
        server.close()
        for task in (sweeping, *self._connections):
            task.cancel()
        await asyncio.gather(sweeping, *self._connections, return_exceptions=True)
        self.database.dispose()

    # --- connections -------------------------------------------------------------------------------------------------

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            if len(self._connections) > MOST_CONNECTIONS:
                writer.write(answer(503, "too many connections"))
            else:
                await self._serve(reader, writer)
            with contextlib.suppress(ConnectionError):
                await writer.drain()
        except asyncio.CancelledError:  # we are told to stop; asyncio's streams complain of tasks that say so
            pass
        except (ConnectionError, EOFError, TimeoutError):
            pass
        except Exception:
            if is_news("studio connection"):
                log.exception("a studio's connection failed")
        finally:
            self._connections.discard(task)
            writer.close()
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await read_request(reader)
            if not request.is_source:
                writer.write(answer(200 if request.path == METADATA else 404))
                return
            allowed = await self._let_in(request)
        except Refused as refused:
            if refused.status == 401:
                await asyncio.sleep(WRONG_KEY_S)
            log.info("a studio was refused", status=refused.status, why=str(refused))
            writer.write(answer(refused.status, str(refused)))
            return
        try:
            writer.write(welcome(request))
            takeover = self.takeovers[allowed.airing_id] = Takeover(self.database, self.settings, allowed)
            await takeover.run(body_of(request, reader))
        finally:
            del self.takeovers[allowed.airing_id]

    async def _let_in(self, request: Request) -> Permit:
        """Raises Refused."""
        try:
            allowed = await asyncio.to_thread(permit, self.database, self.settings, request, utcnow())
        except SQLAlchemyError:
            raise Refused(503, "the station's database cannot be read just now") from None
        if allowed.airing_id in self.takeovers:
            raise Refused(403, "Mountpoint in use")
        self.takeovers[allowed.airing_id] = None
        return allowed

    # --- what earlier ones left --------------------------------------------------------------------------------------

    async def _sweep(self) -> None:
        while True:
            try:
                await asyncio.to_thread(self._recover)
            except (SQLAlchemyError, OSError) as error:
                if is_news("studio sweep"):
                    log.warning("what is left of takeovers cannot be looked at", error=str(error))
            await asyncio.sleep(SWEEP_S)

    def _recover(self) -> None:
        going_on = {one.name for one in list(self.takeovers.values()) if one is not None}
        for note in notes(self.settings):
            if note.name not in going_on:
                self._take_up(note)
        clear_away(self.settings)

    def _take_up(self, note: Note) -> None:
        """A takeover that ended without being handed over: its process was killed, or the database was away."""
        with reading(self.database) as session:
            try:
                airing = service.get(session, note.airing_id)
            except DanpaError:
                return
            starts_at, stops_at, turns = airing.starts_at, airing.stops_at, list(airing.turns)
        encoding = Encoding(**note.encoding)
        frames = count_frames(Path(note.frames), encoding)
        last = note.zero_sample + frames * (encoding.frame_samples or 0) * RATE // encoding.sample_rate
        start, end = heard(turns, note.name, position_of(stops_at, starts_at)) or (0, 0)
        now = utcnow()
        if now < stops_at:
            with contextlib.suppress(Conflict), writing(self.database) as session:
                airing = service.get(session, note.airing_id)
                want(
                    session, airing, "studio_over", note.name, note.person_id, now,
                    last_sample=last, why="the process was killed",
                )  # fmt: skip
        hand_over(self.database, self.settings, note, (start, min(end, last)), now)
