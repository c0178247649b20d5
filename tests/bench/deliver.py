"""What delivering costs: each protocol against the plain client of the trade, and 200 feeds at once with one that hangs.

    python tests/bench/deliver.py              # both tables, some minutes
    python tests/bench/deliver.py --feeds 50   # fewer feeds at once

Same file (an hour of MP3 at 128 kbit/s), same server on loopback, in a process of its own; medians, the clients taking turns.
`sent` is what the plain client does: bytes, flushed, under their name. `proved` is a delivery: sent and read back, every
byte. The station checks the file's SHA-256 while it sends, no plain client does. Needs root, for vsftpd.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import structlog  # noqa: E402 - the repository's root must be on the path first
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from app.engine.process import Engine  # noqa: E402
from app.feeds.drivers import FeedAddress, open_feed, send_and_check  # noqa: E402
from app.handoffs.models import Handoff  # noqa: E402
from app.settings import Settings  # noqa: E402
from tests import ftp_sites, s3_sites, ssh_sites  # noqa: E402
from tests.ftp_sites import Certificate  # noqa: E402
from tests.integration.engine.living import DELIVER_AT, LivingStation, founded  # noqa: E402
from tests.receivers import certificate  # noqa: E402
from tests.site_view.sites import fingerprint  # noqa: E402

HOUR = 57_600_000
NAME = "20261122_2000.mp3"


@dataclass(frozen=True)
class Race:
    """One server, the feed that leads to it, and the commands that put a file there under ``NAME``."""

    protocol: str
    feed: FeedAddress
    plain: dict[str, list[str]] = field(repr=False)


# ---------------------------------------------------------------- servers and their plain clients


@contextmanager
def sftp(source: Path) -> Iterator[Race]:
    with ssh_sites.open_place() as place, ssh_sites.openssh(place, Path("/usr/sbin/sshd")) as server:
        folder = _open(place / "in")
        batch = place / "batch"
        batch.write_text(f"put -f {source} {folder}/{NAME}\n")  # -f: flushed, as ours is
        options = {"StrictHostKeyChecking": "no", "UserKnownHostsFile": "/dev/null", "LogLevel": "ERROR"}
        command = ["sftp", "-q", "-b", str(batch), "-i", str(server.key), "-P", str(server.port)]
        command += [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
        yield Race(
            "sftp",
            FeedAddress(
                "sftp",
                f"sftp://{ssh_sites.USER}@127.0.0.1:{server.port}{folder}",
                credential=f"file:{server.key}",
                options={"host_key": server.host_key},
            ),
            {"sftp": [*command, f"{ssh_sites.USER}@127.0.0.1"]},
        )


@contextmanager
def ftps(source: Path) -> Iterator[Race]:
    with ssh_sites.open_place() as place:
        ours = Certificate(*certificate(place, _found("openssl")))
        _open(place / "root").chmod(0o755)
        _open(place / "root" / "in")
        with ftp_sites.vsftpd(place, Path("/usr/sbin/vsftpd"), ours) as port:
            os.environ["DANPA_FEED_FTPS"] = ftp_sites.PASSWORD
            login = f"{ftp_sites.USER}:{ftp_sites.PASSWORD}"
            url = f"ftp://127.0.0.1:{port}/in/{NAME}"
            curl = [
                "curl",
                "-sSf",
                "--cacert",
                str(ours.cert),
                "--ssl-reqd",
                "-u",
                login,
                "-T",
                str(source),
                url,
            ]
            address = f"ftpes://{ftp_sites.USER}@127.0.0.1:{port}/in"
            options = {"certificate_sha256": fingerprint(ours)}
            feed = FeedAddress("ftp", address, "env:DANPA_FEED_FTPS", options=options)
            yield Race("ftps", feed, {"curl": curl})


@contextmanager
def http(source: Path) -> Iterator[Race]:
    with webdav() as url:
        curl = ["curl", "-sSf", "-o", "/dev/null", "-T", str(source), f"{url}/{NAME}"]
        yield Race("http_put", FeedAddress("http_put", url), {"curl": curl})


@contextmanager
def webdav() -> Iterator[str]:
    """rclone's WebDAV server, which takes PUT and answers GET."""
    with tempfile.TemporaryDirectory(prefix="danpa-bench-") as place:
        port = ssh_sites.free_port()
        command = ["rclone", "serve", "webdav", "--addr", f"127.0.0.1:{port}", "--config", "/dev/null", place]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as server:
            try:
                ssh_sites.await_port(port)
                yield f"http://127.0.0.1:{port}"
            finally:
                server.terminate()


@contextmanager
def s3(source: Path) -> Iterator[Race]:
    with (
        tempfile.TemporaryDirectory(prefix="danpa-bench-") as place,
        s3_sites.S3Site(Path(place) / "store", _found("rclone")) as store,
    ):
        os.environ["DANPA_FEED_S3"] = s3_sites.LOGIN
        signed = ["--aws-sigv4", "aws:amz:us-east-1:s3", "-u", s3_sites.LOGIN]
        unhashed = ["-H", "x-amz-content-sha256: UNSIGNED-PAYLOAD"]
        curl = ["curl", "-sSf", *signed, *unhashed, "-T", str(source), f"{store.address}/{NAME}"]
        remote = (
            f":s3,provider=Other,access_key_id={s3_sites.ACCESS_KEY_ID},secret_access_key={s3_sites.SECRET},"
            f"endpoint='http://127.0.0.1:{store.port}':station/in/{NAME}"
        )
        # --ignore-times: else it sends nothing the second time
        rclone = ["rclone", "copyto", "--config", "/dev/null", "--ignore-times", str(source), remote]
        yield Race(
            "s3", FeedAddress("s3", store.address, "env:DANPA_FEED_S3"), {"curl": curl, "rclone": rclone}
        )


@contextmanager
def folder(source: Path) -> Iterator[Race]:
    with tempfile.TemporaryDirectory(prefix="danpa-bench-") as place:
        copy = ["sh", "-c", f"cp {source} {place}/{NAME} && sync {place}/{NAME}"]
        yield Race("folder", FeedAddress("folder", place), {"cp, sync": copy})


def _open(path: Path) -> Path:
    path.mkdir()
    path.chmod(0o777)
    return path


def _found(program: str) -> Path:
    found = shutil.which(program)
    if found is None:
        sys.exit(f"{program} is not installed")
    return Path(found)


# ---------------------------------------------------------------- one file, each protocol


def throughput(console: Console, runs: int) -> None:
    table = Table("protocol", "plain client", "MB/s", "sent MB/s", "share", "proved MB/s", "share")
    for column in table.columns[2:]:
        column.justify = "right"
    with tempfile.TemporaryDirectory(prefix="danpa-bench-") as place:
        source = Path(place) / "hour.mp3"
        source.write_bytes(random.Random(1).randbytes(HOUR))
        source.chmod(0o644)
        known: dict[str, Any] = {"sha256": hashlib.sha256(source.read_bytes()).hexdigest(), "size": HOUR}
        known["media_type"] = "audio/mpeg"
        for server in (folder, sftp, ftps, http, s3):
            with server(source) as race:
                for row in _race(race, source, known, runs):
                    table.add_row(*row)
    console.print(table)


def _race(race: Race, source: Path, known: dict[str, Any], runs: int) -> Iterator[list[str]]:
    feed = open_feed(race.feed)

    def plain(command: list[str]) -> Callable[[], object]:
        return lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    contenders: dict[str, Callable[[], object]] = {name: plain(each) for name, each in race.plain.items()}
    contenders["sent"] = lambda: asyncio.run(feed.send(source, NAME, **known))
    contenders["proved"] = lambda: asyncio.run(send_and_check(feed, source, NAME, **known))
    took: dict[str, list[float]] = {name: [] for name in contenders}
    for run in range(runs + 1):
        for name, work in contenders.items():
            started = time.perf_counter()
            work()
            if run:  # the first warms caches up
                took[name].append(time.perf_counter() - started)
    rate = {name: HOUR / 1e6 / statistics.median(times) for name, times in took.items()}
    for client in race.plain:
        shares = [
            f"{rate[name]:.0f}|{rate[name] / rate[client]:.0%}".split("|") for name in ("sent", "proved")
        ]
        yield [race.protocol, client, f"{rate[client]:.0f}", *shares[0], *shares[1]]


# ---------------------------------------------------------------- many feeds, one of which hangs


def crowd(console: Console, feeds: int) -> None:
    """The engine itself, with attempts on record and read-backs: a minute's programme to each of so many sites."""
    table = Table("feeds at once", "median s", "slowest s", "verified")
    for column in table.columns:
        column.justify = "right"
    with tempfile.TemporaryDirectory(prefix="danpa-bench-") as place:
        home = founded(Path(place) / "home")
        for number, hanging in enumerate((False, True, False, True)):
            copy = Path(place) / f"home-{number}"
            shutil.copytree(home, copy)
            with ExitStack() as stack:
                station = LivingStation(Settings(home=copy, disk_reserve_bytes=0, port=0))
                stack.callback(station.database.dispose)
                silent = stack.enter_context(ssh_sites.silent_server()) if hanging else None
                took = _crowd(station, stack.enter_context(webdav()), feeds, silent)
                arrived = sum(row[2] == "verified" for row in station.handoffs(station.airing()))
            label = f"{feeds}, one hangs" if hanging else str(feeds)
            table.add_row(label, f"{statistics.median(took):.1f}", f"{max(took):.1f}", str(arrived))
    console.print(table)


def _crowd(station: LivingStation, url: str, feeds: int, silent: int | None) -> list[float]:
    """Seconds from the tick that sends to the end of each delivery, the hanging one apart."""
    slot = station.slot(station.programme())
    hanging = station.feed(slot, f"http://127.0.0.1:{silent}") if silent else 0
    for number in range(feeds - (1 if silent else 0)):
        station.feed(slot, url, name_template=f"{{date}}_{{time}}_{number}.{{ext}}")
    station.live_until(DELIVER_AT.replace(minute=DELIVER_AT.minute - 1))
    station.clock.at = DELIVER_AT
    return asyncio.run(_deliver_all(station, hanging))


class _TimedEngine(Engine):
    """Knows when each delivery ended."""

    def __init__(self, station: LivingStation) -> None:
        super().__init__(station.settings, station.database, station.clock)
        self.ended_at: dict[int, float] = {}

    def _delivered(self, handoff_id: int) -> None:
        super()._delivered(handoff_id)
        self.ended_at[handoff_id] = time.perf_counter()


async def _deliver_all(station: LivingStation, hanging: int) -> list[float]:
    left_out = {row.id for row in station.rows(Handoff, Handoff.feed_id == hanging)}
    engine = _TimedEngine(station)
    started = time.perf_counter()
    await engine.tick()
    while engine.deliveries.keys() - left_out:
        await engine.changed.wait()
        engine.changed.clear()
    took = [at - started for at in engine.ended_at.values()]
    await engine.close()
    return took


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--runs", type=int, default=5)
    words.add_argument("--feeds", type=int, default=200)
    words.add_argument("--only", choices=["protocols", "feeds"])
    given = words.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    console = Console(width=110)
    if given.only != "feeds":
        throughput(console, given.runs)
    if given.only != "protocols":
        crowd(console, given.feeds)


if __name__ == "__main__":
    main()
