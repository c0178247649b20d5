from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from pathlib import Path

import pytest
from rich.console import Console
from sqlmodel import text

from app.backup.backup import backup
from app.backup.copying import MANIFEST, BackupDamaged, copy_hashed
from app.backup.fsck import check
from app.backup.garbage import collect_garbage
from app.backup.restore import ServiceRunning, StationExists, restore
from app.database import open_database, writing
from app.errors import Conflict
from app.library.ingest import run_ingest
from app.locks import Lock
from app.settings import Settings
from tests.integration.library.stations import NOW, Station, receive, write_tone


def dump(settings: Settings) -> list[str]:
    """The whole database as text."""
    connection = sqlite3.connect(settings.database_path)
    try:
        return list(connection.iterdump())
    finally:
        connection.close()


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_copy_of_what_has_just_moved_leaves_room_for_the_next_candidate(tmp_path: Path) -> None:
    whole, target = tmp_path / "whole", tmp_path / "copy"
    whole.write_bytes(b"audio")
    with pytest.raises(FileNotFoundError):
        copy_hashed(tmp_path / "moved", target)
    assert copy_hashed(whole, target) == hashlib.sha256(b"audio").hexdigest()


def test_a_station_restored_into_an_empty_place_equals_its_source(
    station: Station, tmp_path: Path, console: Console
) -> None:
    backup(station.settings, tmp_path / "backup", now=NOW, console=console)
    elsewhere = Settings(home=tmp_path / "elsewhere")
    restored = restore(elsewhere, tmp_path / "backup", now=NOW, console=console)
    assert restored.set_aside is None
    assert dump(elsewhere) == dump(station.settings)
    assert files(elsewhere.blobs_dir) == files(station.settings.blobs_dir)
    assert len(files(elsewhere.blobs_dir)) == 8
    engine = open_database(elsewhere)
    assert check(engine, elsewhere, NOW) == []
    engine.dispose()
    assert not list(elsewhere.root.glob(".restoring*"))


def test_a_backup_is_made_while_others_write(station: Station, tmp_path: Path, console: Console) -> None:
    with writing(station.engine) as session:
        session.execute(text("UPDATE station SET name = 'half written'"))
        manifest = backup(station.settings, tmp_path / "backup", now=NOW, console=console)
        session.rollback()
    copy = sqlite3.connect(tmp_path / "backup" / "danpa.db")
    assert copy.execute("SELECT name FROM station").fetchall() == [("단파",)]
    assert copy.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    copy.close()
    assert manifest.missing == ()
    assert {path.name for path in (tmp_path / "backup").iterdir()} == {"danpa.db", "blobs", MANIFEST}


def test_an_upload_that_waits_for_its_ingest_is_in_the_backup(
    station: Station, tmp_path: Path, console: Console
) -> None:
    payload = receive(station, write_tone(tmp_path / "waiting.wav", 0.5, 900))
    backup(station.settings, tmp_path / "backup", now=NOW, console=console)
    elsewhere = Settings(home=tmp_path / "elsewhere", disk_reserve_bytes=0)
    restore(elsewhere, tmp_path / "backup", now=NOW, console=console)
    engine = open_database(elsewhere)
    assert run_ingest(engine, elsewhere, payload)["state"] == "draft"
    engine.dispose()


def test_what_the_station_itself_lost_is_named_and_does_not_stop_the_backup(
    station: Station, tmp_path: Path, console: Console
) -> None:
    lost, rotten = sorted(path for path in station.settings.blobs_dir.rglob("*.flac"))
    lost.unlink()
    rotten.write_bytes(b"rotten")
    manifest = backup(station.settings, tmp_path / "backup", now=NOW, console=console)
    assert sorted(Path(name).name for name in manifest.missing) == [lost.name, rotten.name]
    elsewhere = Settings(home=tmp_path / "elsewhere")
    restored = restore(elsewhere, tmp_path / "backup", now=NOW, console=console)
    assert restored.manifest.missing == manifest.missing


def test_a_backup_overwrites_nothing(station: Station, tmp_path: Path, console: Console) -> None:
    (tmp_path / "backup").mkdir()
    with pytest.raises(Conflict, match="exists"):
        backup(station.settings, tmp_path / "backup", now=NOW, console=console)


def test_a_backup_that_fails_leaves_nothing(
    station: Station, tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("app.backup.backup._take", full)
    before = set(tmp_path.iterdir())
    with pytest.raises(OSError, match="No space"):
        backup(station.settings, tmp_path / "backup", now=NOW, console=console)
    assert set(tmp_path.iterdir()) == before


def test_garbage_collection_waits_for_a_backup(
    station: Station, tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    collected = []
    from app.backup import backup as module

    take = module._take

    def meanwhile(*arguments: object) -> object:
        collected.append(collect_garbage(station.engine, station.settings, NOW))
        return take(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "_take", meanwhile)
    backup(station.settings, tmp_path / "backup", now=NOW, console=console)
    assert collected
    assert all(one.postponed for one in collected)
    assert not collect_garbage(station.engine, station.settings, NOW).postponed


@pytest.mark.parametrize(
    "harm", ["changed", "missing", "database", "outside", "no manifest", "format", "newer"]
)
def test_a_damaged_backup_restores_nothing(
    station: Station, tmp_path: Path, console: Console, harm: str
) -> None:
    copy = tmp_path / "backup"
    backup(station.settings, copy, now=NOW, console=console)
    manifest = json.loads((copy / MANIFEST).read_text())
    blob = copy / manifest["files"][-1]["path"]
    if harm == "changed":
        content = blob.read_bytes()
        blob.unlink()  # it is a link to the station's own
        blob.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    elif harm == "missing":
        blob.unlink()
    elif harm == "database":
        manifest["files"].pop(0)
    elif harm == "outside":
        manifest["files"][-1]["path"] = "blobs/../../outside"
    elif harm == "format":
        manifest["format"] = "danpa-backup-99"
    elif harm == "newer":
        manifest["revision"] = "9999"
    (copy / MANIFEST).write_text(json.dumps(manifest))
    if harm == "no manifest":
        (copy / MANIFEST).unlink()
    elsewhere = Settings(home=tmp_path / "elsewhere")
    with pytest.raises(BackupDamaged):
        restore(elsewhere, copy, now=NOW, console=console)
    assert files(elsewhere.root).keys() <= {"run/supervisor.lock"}


def test_a_station_is_replaced_only_when_asked_and_then_set_aside(
    station: Station, tmp_path: Path, console: Console
) -> None:
    backup(station.settings, tmp_path / "backup", now=NOW, console=console)
    before = dump(station.settings)
    with writing(station.engine) as session:
        session.execute(text("UPDATE station SET name = 'later'"))
    later = dump(station.settings)
    with pytest.raises(StationExists, match="--force"):
        restore(station.settings, tmp_path / "backup", now=NOW, console=console)
    assert dump(station.settings) == later
    station.engine.dispose()
    restored = restore(station.settings, tmp_path / "backup", now=NOW, console=console, force=True)
    assert dump(station.settings) == before
    assert restored.set_aside is not None
    assert dump(Settings(home=restored.set_aside)) == later


@pytest.mark.parametrize("process", ["supervisor", "engine", "worker-0", "air"])
def test_a_running_station_is_never_replaced(
    station: Station, tmp_path: Path, console: Console, process: str
) -> None:
    backup(station.settings, tmp_path / "backup", now=NOW, console=console)
    running = Lock(station.settings.run_dir / f"{process}.lock")
    assert running.acquire()
    with pytest.raises(ServiceRunning):
        restore(station.settings, tmp_path / "backup", now=NOW, console=console, force=True)
    running.release()
    assert station.settings.database_path.exists()


@pytest.mark.parametrize("step", range(6))
def test_a_restore_that_dies_midway_is_finished_by_the_next(
    station: Station, tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """The folder is never half a station: either there is no database, or everything is in place."""
    backup(station.settings, tmp_path / "backup", now=NOW, console=console)
    expected = dump(station.settings), files(station.settings.blobs_dir)
    station.engine.dispose()
    rename, renames = Path.rename, iter(range(100))

    class Died(BaseException):
        pass

    def dying(path: Path, target: Path) -> Path:
        if next(renames) == step:
            raise Died
        return rename(path, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", dying)
        with pytest.raises(Died):
            restore(station.settings, tmp_path / "backup", now=NOW, console=console, force=True)
    if step > 0:
        assert not station.settings.database_path.exists()
    later = NOW.replace(hour=NOW.hour + 1)
    restore(station.settings, tmp_path / "backup", now=later, console=console, force=step == 0)
    assert (dump(station.settings), files(station.settings.blobs_dir)) == expected


def test_a_backup_on_another_disk_is_a_copy(
    station: Station, tmp_path: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    def other_disk(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(Path, "hardlink_to", other_disk)
    backup(station.settings, tmp_path / "backup", now=NOW, console=console)
    assert files(tmp_path / "backup" / "blobs") == files(station.settings.blobs_dir)
    shutil.rmtree(station.settings.root)
    station.engine.dispose()
    restore(station.settings, tmp_path / "backup", now=NOW, console=console)
    assert len(files(station.settings.blobs_dir)) == 8


def test_the_voice_pack_is_in_the_backup_as_it_was(
    station: Station, tmp_path: Path, console: Console
) -> None:
    clip = write_tone(station.settings.voices_dir / "ko" / "number-1.wav", 0.5, 500)
    recorded = clip.read_bytes()
    backup(station.settings, tmp_path / "backup", now=NOW, console=console)
    clip.write_bytes(b"recorded over")  # into the same file: what was backed up must not follow
    restore(station.settings, tmp_path / "backup", now=NOW, console=console, force=True)
    assert files(station.settings.voices_dir) == {"ko/number-1.wav": recorded}
