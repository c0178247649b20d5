"""What the engine delivers is signed, and stands the check at the site."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from app.cli import cli
from tests.integration.engine.living import DEADLINE_AT, LivingStation


def test_a_delivered_programme_verifies_at_the_site(station: LivingStation, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    station.evening(folder, sidecar="{name}.json")
    station.live_until(DEADLINE_AT)
    [audio] = folder.glob("*.mp3")
    home = {"DANPA_HOME": str(station.settings.root)}
    told = CliRunner().invoke(cli, ["verify", str(audio)], env=home)
    assert told.exit_code == 0, told.output
    assert told.output.startswith("ok     signature")
    with audio.open("ab") as stream:
        stream.write(b"\x00")
    assert CliRunner().invoke(cli, ["verify", str(audio)], env=home).exit_code == 1
