"""What a site can find out about a file that lies in its folder: with Danpa, and with openssl alone."""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.database import NotInitialised
from app.feeds.sidecar import Manifest, manifest_bytes, sidecar_name
from app.settings import Settings
from app.signing.keys import SigningKey, rotate, station_key
from tests.stations import SmallStation, keyed, make_station, serving

ROOT = Path(__file__).parents[3]
FORMATS = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
NAME = "20261122_2000_TAC_7585.mp3"
AUDIO = b"\xff\xfb\x94\xc4" * 4096
LONG_AGO, FAR_AHEAD = datetime(2020, 11, 22, 20, 30, tzinfo=UTC), datetime(2099, 11, 22, 20, 30, tzinfo=UTC)

MANIFEST = Manifest(
    object_name=NAME,
    sha256=hashlib.sha256(AUDIO).hexdigest(),
    size=len(AUDIO),
    media_type="audio/mpeg",
    codec="mp3",
    samples=85_919_616,
    sample_rate=48_000,
    bitrate_kbps=128,
    channels=1,
    lead_in_s=0.0,
    airing_id=412,
    slot_id=7,
    starts_at=datetime(2026, 11, 22, 20, 0, tzinfo=UTC),
    stops_at=FAR_AHEAD,
    part=None,
    site_code="TAC",
    frequencies_khz=(7585,),
    version=1,
    made_at=datetime(2026, 11, 22, 14, 0, tzinfo=UTC),
)


@dataclass(frozen=True)
class Site:
    """A site's folder with one delivered programme, and the public key that the site was given."""

    station: Settings
    folder: Path
    key: SigningKey

    @property
    def audio(self) -> Path:
        return self.folder / NAME

    @property
    def manifest(self) -> Path:
        return self.folder / sidecar_name(NAME)

    @property
    def given(self) -> Path:
        return self.folder / "station.pub.pem"

    def verify(self, *arguments: object, home: Path | None = None) -> tuple[int, str]:
        """The exit status of `danpa verify` on a machine without a station, and all that it said."""
        return danpa(home or self.folder / "no station", "verify", *arguments)


def danpa(home: Path, *arguments: object) -> tuple[int, str]:
    """The exit status of a command, and all that it said."""
    result = CliRunner().invoke(cli, [*map(str, arguments)], env={"DANPA_HOME": str(home)})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


@pytest.fixture
def site(tmp_path: Path) -> Site:
    settings = Settings(home=tmp_path / "station")
    made = Site(settings, tmp_path / "site", station_key(settings))
    made.folder.mkdir()
    made.audio.write_bytes(AUDIO)
    made.manifest.write_bytes(manifest_bytes(MANIFEST, made.key))
    made.given.write_text(made.key.public.pem)
    return made


def test_a_site_learns_that_a_file_is_what_the_station_sent(site: Site) -> None:
    status, said = site.verify(site.audio, "--key", site.given)
    assert status == 0, said
    assert said.splitlines() == [
        f"ok     signature: by the key {site.key.key_id}",
        f"ok     size: {len(AUDIO)} bytes",
        f"ok     sha-256: {MANIFEST.sha256}",
        f"{NAME} is what the station sent.",
    ]


def test_the_station_knows_its_own_keys_those_before_a_rotation_too(site: Site) -> None:
    rotate(site.station)
    assert site.verify(site.audio, home=site.station.root)[0] == 0
    rotate(site.station, leaked=True)
    assert site.verify(site.audio, home=site.station.root)[0] == 0


def test_what_a_leaked_key_signed_is_not_believed(site: Site) -> None:
    rotate(site.station, leaked=True)
    status, said = site.verify(site.audio, home=site.station.root)
    assert status == 1
    assert f"WRONG  signature: made with the key {site.key.key_id}; known are" in said


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (AUDIO[:-1], f"size: {len(AUDIO) - 1} bytes, and the manifest says {len(AUDIO)}"),
        (b"\x00" + AUDIO[1:], f"and the manifest says {MANIFEST.sha256}"),
    ],
)
def test_other_audio_is_found_out(site: Site, damage: bytes, words: str) -> None:
    site.audio.write_bytes(damage)
    status, said = site.verify(site.audio, "--key", site.given)
    assert status == 1
    assert words in said
    assert said.endswith(f"{NAME} is not what the station sent.\n")


def test_a_manifest_that_was_made_to_fit_other_audio_is_found_out(site: Site) -> None:
    other = AUDIO[::-1]
    site.audio.write_bytes(other)
    forged = site.manifest.read_text().replace(MANIFEST.sha256, hashlib.sha256(other).hexdigest())
    site.manifest.write_text(forged)
    status, said = site.verify(site.audio, "--key", site.given)
    assert status == 1
    assert "WRONG  signature: not by the key" in said
    site.manifest.write_bytes(
        manifest_bytes(replace(MANIFEST, sha256=hashlib.sha256(other).hexdigest()), None)
    )
    status, said = site.verify(site.audio, "--key", site.given)
    assert status == 1
    assert "WRONG  signature: the manifest is not signed" in said


def test_a_file_of_years_ago_is_genuine_and_said_to_be_old(site: Site) -> None:
    site.manifest.write_bytes(manifest_bytes(replace(MANIFEST, stops_at=LONG_AGO), site.key))
    status, said = site.verify(site.audio, "--key", site.given)
    assert status == 0
    assert "note   airing: over since 2020-11-22 20:30 UTC: not to be aired any more" in said


def test_the_manifest_may_lie_elsewhere_and_the_file_have_another_name(site: Site, tmp_path: Path) -> None:
    renamed = site.audio.rename(site.folder / "tonight.mp3")
    elsewhere = site.manifest.rename(tmp_path / "m.json")
    status, said = site.verify(renamed, "--manifest", elsewhere, "--key", site.given)
    assert status == 0
    assert f"note   name: the station called it {NAME}" in said


def test_what_cannot_be_told_is_neither_right_nor_wrong(site: Site) -> None:
    assert site.verify(site.folder / "x.mp3", "--key", site.given) == (
        2,
        f"danpa: there is no file {site.folder / 'x.mp3'}\n",
    )
    status, said = site.verify(site.audio)
    assert (status, "--key station.pub.pem" in said) == (2, True)
    for nonsense in ("{}", "[" * 100_000, '{"format": "danpa-manifest/2", "sha256": 5}', "\u20ac"):
        site.manifest.write_text(nonsense)
        status, said = site.verify(site.audio, "--key", site.given)
        assert (status, "is no manifest" in said) == (2, True)
    site.manifest.unlink()
    status, said = site.verify(site.audio, "--key", site.given)
    assert (status, "cannot be read" in said) == (2, True)
    status, said = site.verify(site.audio, "--key", site.audio)
    assert (status, "holds no public key" in said) == (2, True)


def test_the_commands_of_the_documentation_do_the_same_with_openssl(
    site: Site, peer: Callable[[str], Path]
) -> None:
    peer("openssl")
    [commands] = re.findall(r"^```sh\n(name=.+?)^```", FORMATS, re.DOTALL | re.MULTILINE)
    assert f"name={NAME}\n" in commands

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-c", commands], cwd=site.folder, capture_output=True, text=True, check=False
        )

    genuine = run()
    assert genuine.stdout.splitlines() == ["Signature Verified Successfully", f"{NAME}: OK", site.key.key_id]
    site.manifest.write_text(site.manifest.read_text().replace('"airing": 412', '"airing": 413'))
    assert "Signature Verified Successfully" not in run().stdout
    site.manifest.write_bytes(manifest_bytes(MANIFEST, rotate(site.station)))
    assert "Signature Verified Successfully" not in run().stdout
    site.audio.write_bytes(AUDIO + b"\x00")
    assert f"{NAME}: FAILED" in run().stdout


def test_the_documentation_shows_a_manifest_as_it_is() -> None:
    [shown] = re.findall(r'^```json\n(\{\n  "signature".+?)^```', FORMATS, re.DOTALL | re.MULTILINE)
    names = re.findall(r'^  "(\w+)":', shown, re.MULTILINE)
    written = manifest_bytes(MANIFEST, None).decode()
    assert names == ["signature", *re.findall(r'^  "(\w+)":', written, re.MULTILINE)]


# --- the station's side ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> SmallStation:
    made = make_station(tmp_path_factory.mktemp("station"))
    made.database.dispose()
    return made


def test_the_engineer_reads_the_key_on_the_command_line_and_the_desk_over_the_api(
    station: SmallStation, tmp_path: Path
) -> None:
    home = station.settings.root
    status, pem = danpa(home, "key", "show")
    assert (status, pem) == (0, station_key(station.settings).public.pem)
    status, rotated = danpa(home, "key", "rotate")
    assert status == 0
    assert danpa(home, "key", "show", "--earlier") == (0, rotated + pem)
    with serving(station) as url:
        with keyed(url, station.key) as api:
            answer = api.get("/api/v1/station/signing-key").json()
        assert httpx.get(f"{url}/api/v1/station/signing-key").status_code == 401
    assert answer["public_key"] == rotated
    assert answer["key_id"] == station_key(station.settings).key_id
    assert [one["public_key"] for one in answer["earlier"]] == [pem]
    assert "PRIVATE" not in str(answer)
    with pytest.raises(NotInitialised, match="danpa init"):
        danpa(tmp_path / "nowhere", "key", "show")
    assert not (tmp_path / "nowhere").exists()
