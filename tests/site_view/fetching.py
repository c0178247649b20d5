"""A site that comes for its programme with a script, as sites do: whole files replace the one it has, broken ones do not."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from random import Random

import httpx

from app.database import writing
from app.pull.service import create_key, revoke_key
from tests.integration.engine.living import LivingStation
from tests.site_view.sites import KIB_64, PIECES, Mend, Site


class Fetcher:
    """Its script, which keeps what it has where the station says nothing."""

    def __init__(self, station: LivingStation, url: str, folder: Path) -> None:
        folder.mkdir()
        self.site = Site(
            "pull",
            "pull",
            "",
            folder,
            fields={"sidecar": "{name}.json"},
            faults={"cut": self._cut, "down": self._down, "changed key": self._revoked},
        )
        self._station, self._url = station, url
        self._feed = self._key = 0
        self._token = ""
        self._cut_at: int | None = None
        self._comes = True

    def begin(self, feed: int) -> None:
        """Take the key of the feed, once there is one."""
        self._feed = feed
        self._new_key()

    def fetch(self, on_air_at: datetime) -> None:
        """Once around: take what is on offer for tonight."""
        name = f"{on_air_at:%Y%m%d_%H%M}.mp3"
        if not self._comes:
            return
        for each in (name, f"{name}.json"):
            with contextlib.suppress(httpx.HTTPError, _Broken):
                self._take(each)

    def _take(self, name: str) -> None:
        part = self.site.folder / f".{name}"
        with (
            httpx.stream("GET", f"{self._url}/pull/{self._token}/{name}") as answer,
            part.open("wb") as stream,
        ):
            if answer.status_code != 200:
                return
            for chunk in answer.iter_bytes(1 << 14):
                stream.write(chunk)
                if self._cut_at is not None and stream.tell() >= self._cut_at:
                    raise _Broken
        part.replace(self.site.folder / name)

    def _cut(self, random: Random) -> Mend:
        self._cut_at = random.randrange(1, PIECES + 1) * KIB_64
        return self._set("_cut_at", None)

    def _down(self, _random: Random) -> Mend:
        self._comes = False
        return self._set("_comes", value=True)

    def _revoked(self, _random: Random) -> Mend:
        with writing(self._station.database) as session:
            revoke_key(session, self._feed, self._key, now=self._station.clock(), by=1)
        return self._new_key

    def _new_key(self) -> None:
        with writing(self._station.database) as session:
            row, self._token = create_key(session, self._feed, "the site", now=self._station.clock(), by=1)
            self._key = row.id or 0

    def _set(self, name: str, value: object) -> Callable[[], None]:
        return lambda: setattr(self, name, value)


class _Broken(Exception):
    """The line went down."""
