"""The site's view: a naive player at each of six sites airs whatever lies under the agreed name, while everything goes wrong.

``NIGHTS=3 python -m pytest tests/acceptance/test_site_view.py`` for a look; ``SEED=2`` for other nights.
"""

from __future__ import annotations

import json
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from sqlmodel import select

from app.airings.models import Airing, Artefact, AsRun, RundownVersion
from app.database import reading
from app.handoffs.models import Attempt, Handoff
from app.settings import Settings
from app.web.application import create_app
from tests import ftp_sites, s3_sites
from tests.integration.engine.living import founded
from tests.site_view import sites as places
from tests.site_view.fetching import Fetcher
from tests.site_view.nights import CLOCK, MINUTE, HauntedStation, Night, Trouble, dawn, foresee
from tests.site_view.players import Aired, Eyes, Seen, air, an_hour_off
from tests.site_view.sites import Mend, Peer, Site
from tests.stations import running

NIGHTS = int(os.environ.get("NIGHTS", "14"))
SEED = int(os.environ.get("SEED", "1"))
FIXED = "fixed"
"""The site that wants every programme under one name: what is not replaced in time is yesterday's."""
PROVEN = {"delivered", "fetched"}
WHEN_IT_FETCHES = (85, 70, 55, 40, 25, 15, 10, 6)

Edition = tuple[datetime, int]
"""Start of an airing, and a version of it: what is newer is greater."""


@dataclass
class Season:
    """A station, its sites and what was seen of both."""

    station: HauntedStation
    sites: dict[str, Site]
    feeds: dict[str, int]
    fetcher: Fetcher
    random: Random
    news: Path
    log: list[Aired] = field(default_factory=list)

    def live(self, night: Night) -> None:
        """One night, from dawn to its last player."""
        station = self.station
        station.clock.at = max(station.clock.at, dawn(night.number))
        news = station.todays_news(night.number, self.news)
        station.kills = list(night.kill_s)
        events = [event for trouble in night.troubles for event in self._trouble(night, trouble)]
        events += [(night.on_air_at - minute * MINUTE, self._fetch(night)) for minute in WHEN_IT_FETCHES]
        if night.recall_minute is not None:
            events.append((night.on_air_at - night.recall_minute * MINUTE, lambda: station.recall(news)))
        wrong = {trouble.site for trouble in night.troubles if trouble.kind == CLOCK}
        for site in self.sites.values():
            off = an_hour_off(site, self.random.choice((-1, 1))) if site.label in wrong else timedelta(0)
            events.append((night.on_air_at + off, self._player(site, night)))
        for at, happens in sorted(events, key=lambda event: event[0]):
            station.live_on(at, self._at_rest)
            happens()
        station.live_on(night.on_air_at + 70 * MINUTE, self._at_rest)

    def _at_rest(self, _engine: object) -> None:
        for site in self.sites.values():
            site.again()

    def _fetch(self, night: Night) -> Callable[[], None]:
        return lambda: self.fetcher.fetch(night.on_air_at)

    def _player(self, site: Site, night: Night) -> Callable[[], None]:
        return lambda: self.log.append(air(site, night.on_air_at, self.station.clock()))

    def _trouble(self, night: Night, trouble: Trouble) -> list[tuple[datetime, Callable[[], None]]]:
        if trouble.kind == CLOCK:
            return []
        site, mends = self.sites[trouble.site], list[Mend]()

        def begin() -> None:
            mends.append(site.faults[trouble.kind](self.random))

        def end() -> None:
            mends.pop()()
            if trouble.to_minute > 0:
                self.station.ask_again(self.feeds[trouble.site])

        starts, ends = (night.on_air_at - at * MINUTE for at in (trouble.from_minute, trouble.to_minute))
        return [(starts, begin), (ends, end)]

    # --- what the station says of it -------------------------------------------------------------------------

    def editions(self) -> Mapping[str, set[Edition]]:
        """What each hash is: stand-bys of several nights may be the same bytes."""
        made = (
            select(Artefact.sha256, Airing.starts_at, RundownVersion.version)
            .join(RundownVersion, RundownVersion.id == Artefact.rundown_id)  # type: ignore[arg-type]
            .join(Airing, Airing.id == RundownVersion.airing_id)  # type: ignore[arg-type]
        )
        with reading(self.station.database) as session:
            rows = session.exec(made).all()
        found = defaultdict[str, set[Edition]](set)
        for sha256, starts_at, version in rows:
            found[sha256].add((starts_at, version))
        return found

    def claims(self) -> Mapping[tuple[str, datetime], tuple[str, int | None]]:
        """Evidence and version of what as-run has for each site and airing."""
        labels = {feed: label for label, feed in self.feeds.items()}
        with reading(self.station.database) as session:
            rows = session.exec(select(AsRun, Airing.starts_at).join(Airing)).all()
            return {(labels[row.feed_id or 0], at): (row.evidence, row.version) for row, at in rows}

    def verified(self) -> list[tuple[str, Edition, datetime]]:
        """Each version that a site was proved to have, and when."""
        labels = {feed: label for label, feed in self.feeds.items()}
        proved = (
            select(Handoff.feed_id, Airing.starts_at, Handoff.version, Attempt.finished_at)
            .join(Attempt, Attempt.handoff_id == Handoff.id)  # type: ignore[arg-type]
            .join(Airing, Airing.id == Handoff.airing_id)  # type: ignore[arg-type]
            .where(Attempt.outcome == "verified")
        )
        with reading(self.station.database) as session:
            rows = session.exec(proved).all()
        return [(labels[feed], (starts, version), at) for feed, starts, version, at in rows if at is not None]


@pytest.fixture
def logins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DANPA_FEED_FTPS", ftp_sites.PASSWORD)
    monkeypatch.setenv("DANPA_FEED_S3", s3_sites.LOGIN)


@contextmanager
def opened(tmp_path: Path, peer: Peer, random: Random) -> Iterator[Season]:
    """The station and its six sites, all with the same programme, a minute every night at 15:00."""
    home = founded(tmp_path / "home")
    station = HauntedStation(Settings(home=home, disk_reserve_bytes=0, port=0))
    with ExitStack() as stack:
        stack.callback(station.database.dispose)
        app = create_app(station.settings, now=station.clock)
        url = stack.enter_context(running(app, station.settings))
        fetcher = Fetcher(station, url, tmp_path / "fetched")
        found = [
            stack.enter_context(places.sftp(peer)),
            stack.enter_context(places.ftps(peer)),
            stack.enter_context(places.s3(peer, tmp_path / "store")),
            stack.enter_context(places.folder(tmp_path / "mount", "folder", may_remove=True)),
            stack.enter_context(places.folder(tmp_path / "fixed", FIXED, name_template="tonight.mp3")),
            fetcher.site,
        ]
        found[4].finds = "tonight.mp3"
        slot = station.slot(station.programme())
        feeds = {}
        for site in found:
            fields = {"name_template": site.template} | site.fields
            feeds[site.label] = station.feed(slot, site.address, protocol=site.protocol, **fields)
        fetcher.begin(feeds["pull"])
        (tmp_path / "news").mkdir()
        yield Season(station, {site.label: site for site in found}, feeds, fetcher, random, tmp_path / "news")


@pytest.mark.slow
@pytest.mark.usefixtures("logins")
def test_no_site_ever_airs_a_part_a_manifest_a_stale_or_an_older_programme(
    tmp_path: Path, peer: Peer
) -> None:
    random = Random(SEED)
    with opened(tmp_path, peer, random) as season:
        nights = foresee([*season.sites.values()], NIGHTS, random, mended_in_time=frozenset({FIXED}))
        with Eyes(season.sites.values()) as eyes:
            for night in nights:
                season.live(night)
        tell(season, nights)
        editions, claims = season.editions(), season.claims()

        check_what_lay_there(eyes.seen, editions)
        for aired in season.log:
            check_what_was_aired(season, aired, editions[aired.sha256], *claims[aired.site, aired.on_air_at])
        check_manifests(season, claims, editions)
        check_that_it_was_worth_it(season, nights)


def check_what_lay_there(seen: list[Seen], editions: Mapping[str, set[Edition]]) -> None:
    """At any moment: something whole, of the night that its name says, and never followed by anything older."""
    newest: dict[tuple[str, str], Edition] = {}
    for each in seen:
        key = (each.site, each.name)
        fits = [
            one for one in editions[each.sha256] if each.name in {"tonight.mp3", f"{one[0]:%Y%m%d_%H%M}.mp3"}
        ]
        assert fits, f"{each.site} held a part, or something strange, under {each.name}"
        newer = [one for one in fits if key not in newest or one >= newest[key]]
        assert newer, f"{each.site} held {fits} after {newest[key]} under {each.name}"
        newest[key] = min(newer)
    assert len(seen) > NIGHTS * 4


def check_what_was_aired(
    season: Season, aired: Aired, editions: set[Edition], evidence: str, version: int | None
) -> None:
    """It was whole, of that night, nothing older than what the site was proved to have; and as-run says it, or less."""
    if not aired.sha256:
        assert evidence not in PROVEN, f"{aired} was silent, and as-run says {evidence}"
        return
    assert aired.whole, f"{aired} was not a whole programme"
    versions = {version for starts_at, version in editions if starts_at == aired.on_air_at}
    assert versions, f"{aired} was another night's: {editions}"
    assert evidence not in PROVEN or version in versions, f"{aired}: as-run says {version}, it was {versions}"
    proved = [
        what[1]
        for site, what, at in season.verified()
        if site == aired.site and at <= aired.at and what[0] == aired.on_air_at
    ]
    assert max(versions) >= max(proved, default=0), f"{aired} was {versions} after {proved} had been proved"


def check_manifests(
    season: Season,
    claims: Mapping[tuple[str, datetime], tuple[str, int | None]],
    editions: Mapping[str, set[Edition]],
) -> None:
    """Where a delivery is claimed, the manifest that still lies there tells of the file that was aired."""
    for aired in season.log:
        template = season.sites[aired.site].fields.get("sidecar")
        if template and claims[aired.site, aired.on_air_at][0] in PROVEN - {"fetched"}:
            manifest = season.sites[aired.site].folder / template.format(name=aired.name)
            if manifest.exists():
                told = json.loads(manifest.read_text())
                assert told["sha256"] == aired.sha256
                assert (aired.on_air_at, told["version"]) in editions[aired.sha256]


def check_that_it_was_worth_it(season: Season, nights: list[Night]) -> None:
    """Something went wrong, and most programmes arrived all the same."""
    recalled = sum(night.recall_minute is not None for night in nights)
    second = season.station.rows(RundownVersion, RundownVersion.version == 2)
    assert len(second) >= recalled
    outcomes = Counter(row.outcome for row in season.station.rows(Attempt))
    assert outcomes["passing"] > NIGHTS
    assert outcomes["interrupted"] or not season.station.ended
    aired = Counter(line.site for line in season.log if line.sha256)
    assert aired[FIXED] == NIGHTS
    assert sum(aired.values()) > len(season.log) * 0.6


def tell(season: Season, nights: list[Night]) -> None:
    """The nights in figures, for whoever looks (pytest -s)."""
    outcomes = Counter(row.outcome for row in season.station.rows(Attempt))
    kinds = Counter(trouble.kind for night in nights for trouble in night.troubles)
    aired = Counter(line.site for line in season.log if line.sha256)
    claimed = Counter(site for (site, _), (evidence, _) in season.claims().items() if evidence in PROVEN)
    print(f"\ntroubles {dict(kinds)}; attempts {dict(outcomes)}; engines ended {season.station.ended}")
    for site in season.sites:
        print(f"{site:>7}: aired {aired[site]}, claimed {claimed[site]} of {len(nights)} nights")
