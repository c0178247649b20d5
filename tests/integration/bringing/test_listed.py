"""An old library with a list beside it: shown first, nothing written while anything is wrong, everything by its line."""

from __future__ import annotations

import csv
import io
import os
import re
from pathlib import Path

import pytest
from sqlalchemy import text

from app.bringing.listing import LISTED
from app.bringing.planning import listed_fields
from app.errors import Invalid
from tests.audio_files import AudioFiles
from tests.integration.bringing.bringing import imported
from tests.integration.library.stations import Station, write_tone


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "자료"
    for name, hertz in (
        ("뉴스/2019-03-04_아침뉴스_김하늘.wav", 400),
        ("탈북 수기 제12회.wav", 500),
        ("c.wav", 600),
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_tone(folder / name, 0.5, hertz)
    return folder


def traces(station: Station) -> tuple[object, ...]:
    """Everything that an import could leave."""
    with station.engine.connect() as connection:
        counts = [
            connection.execute(text(f"SELECT count(*) FROM {table}")).scalar()  # noqa: S608
            for table in ("segment", "imported_file", "job", "journal", "event")
        ]
    files = sorted(str(path) for path in station.settings.root.rglob("*") if "danpa.db" not in path.name)
    return counts, files


def test_a_dry_run_shows_every_guess_with_its_source_and_writes_nothing(
    station: Station, folder: Path
) -> None:
    before = traces(station)
    status, output = imported(station, folder, dry_run=True, yes=False)
    assert status == 0
    assert traces(station) == before
    for told in (
        "아침뉴스 2019-03-04",
        "김하늘",
        "testimony",
        "탈북 수기",
        "12",
        'folder "뉴스"',
        "Nothing was imported",
    ):
        assert told in output
    assert "3 to import (" in output
    assert "), 0 taken before" in output


def test_guesses_are_corrected_in_a_list_and_given_back(
    station: Station, folder: Path, tmp_path: Path
) -> None:
    listing = tmp_path / "guesses.csv"
    imported(station, folder, write_csv=listing)
    assert station.segments() == []
    assert listing.read_bytes().startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(listing.read_text("utf-8-sig"))))
    assert set(rows[0]) == {*listed_fields(), "guessed_from"}
    assert set(LISTED) < set(rows[0])
    with pytest.raises(Invalid, match="is there already"):  # somebody may have corrected it
        imported(station, folder, write_csv=listing)
    by_file = {row["file"]: row for row in rows}
    by_file["c.wav"] |= {"title": "=고친 제목", "kind": "음악", "tags": "가;나"}
    by_file["탈북 수기 제12회.wav"]["presenter"] = ""
    told = io.StringIO()
    writer = csv.DictWriter(told, list(rows[0]), delimiter="\t")
    writer.writeheader()
    writer.writerows(rows)
    listing.write_bytes(told.getvalue().encode("utf-16"))  # Excel: "Unicode text"
    status, _ = imported(station, folder, listing)
    assert status == 0
    segments = {segment.title: segment for segment in station.segments()}
    assert set(segments) == {"아침뉴스 2019-03-04", "탈북 수기 제12회", "=고친 제목"}
    assert (segments["=고친 제목"].kind, segments["=고친 제목"].tags) == ("music", ["가", "나"])
    assert (segments["탈북 수기 제12회"].series, segments["탈북 수기 제12회"].episode) == ("탈북 수기", 12)


def test_a_cell_that_a_spreadsheet_would_calculate_comes_back_as_it_was(
    station: Station, tmp_path: Path
) -> None:
    folder = tmp_path / "x"
    folder.mkdir()
    write_tone(folder / "=cmd.wav", 0.5)
    imported(station, folder, write_csv=tmp_path / "guesses.csv")
    assert "'=cmd.wav" in (tmp_path / "guesses.csv").read_text("utf-8-sig")
    assert imported(station, folder, tmp_path / "guesses.csv")[0] == 0


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp949", "utf-16"])
def test_while_anything_is_wrong_nothing_is_written(
    station: Station, folder: Path, tmp_path: Path, encoding: str
) -> None:
    listing = tmp_path / "list.csv"
    listing.write_text(
        "파일,제목,종류\nc.wav,좋음,뉴스\n없다.wav,없음,뉴스\nc.wav,두 번,뉴스\n탈북 수기 제12회.wav,나쁨,모름\n",
        encoding=encoding,
    )
    before = traces(station)
    with pytest.raises(Invalid, match="wrong in 3 places; nothing was imported"):
        imported(station, folder, listing)
    assert traces(station) == before


def test_files_without_a_line_are_named_and_left_out_unless_asked_for(
    station: Station, folder: Path, tmp_path: Path
) -> None:
    listing = tmp_path / "list.csv"
    listing.write_text("file,title\nC.WAV,셋째\n", encoding="utf-8")
    status, output = imported(station, folder, listing, report=tmp_path / "report.csv")
    assert status == 0
    assert "2 without a line in the list, left out:" in output
    assert "탈북 수기 제12회.wav" in output
    assert "탈북 수기 제12회.wav,left out" in (tmp_path / "report.csv").read_text("utf-8-sig")
    assert [segment.title for segment in station.segments()] == ["셋째"]
    imported(station, folder, listing, unlisted=True)
    assert len(station.segments()) == 3


def test_without_a_terminal_somebody_must_have_said_yes(station: Station, folder: Path) -> None:
    with pytest.raises(Invalid, match="say --yes"):
        imported(station, folder, yes=False)
    with pytest.raises(Invalid, match="nothing was imported"):
        imported(station, folder, yes=False, ask=lambda _question: False)
    assert station.segments() == []
    assert imported(station, folder, yes=False, ask=lambda _question: True)[0] == 0


def test_tags_in_cp949_become_titles(station: Station, tmp_path: Path) -> None:
    files = AudioFiles(tmp_path)
    folder = tmp_path / "x"
    folder.mkdir()
    plain = folder / "a01.mp3"
    files.run("-i", str(files.reference()), "-id3v2_version", "0", "-write_xing", "0", str(plain))
    title, artist = ("통일의 길".encode("cp949").ljust(30, b"\0"), "김하늘".encode("cp949").ljust(30, b"\0"))
    with plain.open("ab") as file:
        file.write(b"TAG" + title + artist + b"\0" * 64 + b"\xff")
    imported(station, folder)
    [segment] = station.segments()
    assert (segment.title, segment.presenter) == ("통일의 길", "김하늘")


def test_the_same_bytes_from_elsewhere_are_no_second_segment(station: Station, folder: Path) -> None:
    (folder / "사본").mkdir()
    (folder / "사본" / "copy.wav").write_bytes((folder / "c.wav").read_bytes())
    status, output = imported(station, folder)
    assert status == 0
    assert "3 imported" in output
    assert "1 the same as another file" in output
    assert re.search(r"(copy|c)\.wav: segment \d", output)
    os.rename(folder, folder.with_name("moved"))  # noqa: PTH104
    status, output = imported(station, folder.with_name("moved"))
    assert status == 0
    assert "0 imported" in output
    assert len(station.segments()) == 3
