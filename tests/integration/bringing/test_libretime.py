"""A LibreTime station's library comes over: titles, kinds, cue points; what has no place here is counted and said."""

from __future__ import annotations

import gzip
import io
import shutil
from pathlib import Path

import pytest
from rich.console import Console

from app.bringing.libretime.dump import read_dump
from app.bringing.libretime.importing import run_import_libretime
from app.bringing.libretime.tracks import read_station, seconds_of
from app.bringing.planning import Wishes
from app.bringing.running import Manner
from app.errors import Invalid
from app.library.models import SegmentKind
from tests.integration.library.stations import ROOT, Station, write_tone

DUMPS = ROOT / "tests" / "data" / "libretime"
TABLES = {"cc_files", "cc_track_types", "cc_show", "cc_playlist"}
TITLE = "뉴스\t탭 \\ 역사선 '따옴' (괄호), 쉼표;"


@pytest.fixture
def storage(tmp_path: Path) -> Path:
    storage = tmp_path / "libretime"
    for number, name in enumerate(
        ("imported/1/김하늘/앨범/뉴스.mp3", "imported/1/x.mp3", "imported/1/y.mp3")
    ):
        (storage / name).parent.mkdir(parents=True, exist_ok=True)
        write_tone(storage / name, 2.0, 300 + 100 * number)
    return storage


def brought(station: Station, dump: Path, storage: Path, **wishes: object) -> tuple[int, str]:
    output = io.StringIO()
    manner = {name: wishes.pop(name) for name in ("dry_run", "report") if name in wishes}
    kinds = wishes.pop("kinds", {"TST": SegmentKind.testimony})
    status = run_import_libretime(
        station.engine,
        station.settings,
        dump,
        storage,
        Wishes(station.person_id, **wishes),  # type: ignore[arg-type]
        Manner(yes=True, threads=2, **manner),  # type: ignore[arg-type]
        kinds_given=kinds,  # type: ignore[arg-type]
        ask_kind=None,
        console=Console(file=output, width=250),
    )
    return status, output.getvalue()


def normal(rows: list[tuple[str, object]]) -> list[tuple[str, dict[str, object]]]:
    """Rows as COPY writes them: INSERT spells truth out."""
    words = {"true": "t", "false": "f"}
    return [(table, {name: words.get(value, value) for name, value in row.items()}) for table, row in rows]  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["inserts.sql", "columns.sql", "uhc.sql"])
def test_every_form_of_a_plain_dump_reads_the_same(name: str) -> None:
    expected = list(read_dump(DUMPS / "copy.sql", TABLES))
    assert len(expected) == 11
    assert expected[0][1]["track_title"] == TITLE
    assert expected[0][1]["album_title"] is None
    assert expected[0][1]["comments"] == "여러\n줄의\r\n말\\N \\. \\t"
    assert expected[1][1]["track_title"] == "\\N"  # a text, not NULL
    assert normal(list(read_dump(DUMPS / name, TABLES))) == expected


def test_a_dump_that_gzip_packed_is_read_as_it_is(tmp_path: Path) -> None:
    packed = tmp_path / "x.sql.gz"
    packed.write_bytes(gzip.compress((DUMPS / "copy.sql").read_bytes()))
    assert list(read_dump(packed, TABLES)) == list(read_dump(DUMPS / "copy.sql", TABLES))
    packed.write_bytes(packed.read_bytes()[:-400])
    with pytest.raises(Invalid, match="cannot be unpacked"):
        list(read_dump(packed, TABLES))


REFUSED = [
    (b"PGDMP\x01\x0e", "custom or tar format: make a plain one with `pg_dump --format=plain"),
    (b"toc.dat".ljust(257, b"\0") + b"ustar", "custom or tar format"),
    (b"\x28\xb5\x2f\xfdzstd", "compressed"),
    (b"just text\n" * 2000, "no dump of a PostgreSQL database"),
    (b"", "no dump of a PostgreSQL database"),
    (b"COPY public.cc_files (id, filepath) FROM stdin;\n1\ta\n", "breaks off in the middle of cc_files"),
    (
        b"COPY public.cc_files (id, filepath) FROM stdin;\n1\n\\.\n",
        "line 2 of the dump: cc_files has 2 columns",
    ),
    (b"INSERT INTO public.cc_files (id) VALUES (1, 'never ends\n", "does not end"),
    (b"CREATE TABLE public.cc_files (\n    id integer\n);\n", "has no tracks"),
]


@pytest.mark.parametrize(("content", "why"), REFUSED)
def test_what_is_no_plain_dump_is_refused_with_what_to_do(tmp_path: Path, content: bytes, why: str) -> None:
    (tmp_path / "x.sql").write_bytes(content)
    with pytest.raises(Invalid, match=why):
        read_station(tmp_path / "x.sql")


def test_tracks_become_segments_with_what_libretime_knew(station: Station, storage: Path) -> None:
    status, output = brought(station, DUMPS / "copy.sql", storage, tags=("옛것",))
    assert status == 1  # two of the four are not taken, each with its reason
    assert "4 tracks; not taken: 2 playlists" in output
    assert "아침 방송" in output
    assert "둘 (track 3): it was deleted in LibreTime" in output
    assert "셋 (track 4): LibreTime had lost its file" in output
    first, second = sorted(station.segments(), key=lambda one: str(one.original_name))[::-1]
    assert first.title == "뉴스 탭   역사선 '따옴' (괄호), 쉼표;"
    assert (first.kind, first.presenter, first.tags) == ("news", "김하늘", ["News", "옛것"])
    # LibreTime played it from 1.5 s on; its end is the recording's own
    assert (first.cue_in, first.cue_out) == (72_000, 96_000)
    assert (second.kind, second.state, second.cue_in, second.cue_out) == ("talk", "draft", 0, 96_000)
    status, output = brought(station, DUMPS / "copy.sql", storage)
    assert "0 to import, 2 taken before" in output
    assert len(station.segments()) == 2


def test_a_dry_run_writes_nothing(station: Station, storage: Path) -> None:
    status, output = brought(station, DUMPS / "copy.sql", storage, dry_run=True)
    assert (status, station.segments()) == (0, [])
    assert "imported/1/김하늘/앨범/뉴스.mp3" in output


def test_a_track_type_that_nobody_gave_a_kind_stops_it(station: Station, storage: Path) -> None:
    dump = storage.parent / "dump.sql"
    dump.write_text((DUMPS / "copy.sql").read_text().replace("\tt\t3\n", "\tt\t3\n"))
    text = dump.read_text()
    dump.write_text(text.replace("\tf\t0\t2\n", "\tf\t0\t3\n"))  # the first track is of type 3 now
    with pytest.raises(Invalid, match=r"TST \(수기's\), as --kind-of CODE=kind"):
        brought(station, dump, storage, kinds={})
    assert station.segments() == []


def old_dump(tmp_path: Path, paths: dict[str, str]) -> Path:
    """LibreTime 3 before alpha.13.9: types by code, folders by number."""
    lines = ["COPY public.cc_music_dirs (id, directory, type, exists, watched) FROM stdin;"]
    lines += ["1\t/old/stor/\tstor\tt\tf", "2\t/mnt/watched/\twatched\tt\tt", "\\."]
    lines += [
        "COPY public.cc_files (id, filepath, directory, track_title, track_type, import_status) FROM stdin;"
    ]
    lines += [
        f"{number}\t{path}\t{folder}\tT{number}\tMUS\t0"
        for number, (path, folder) in enumerate(paths.items())
    ]
    dump = tmp_path / "old.sql"
    dump.write_text("\n".join([*lines, "\\.", ""]))
    return dump


def test_paths_of_older_stations_lead_into_the_storage_folder_and_never_out(
    station: Station, storage: Path, tmp_path: Path
) -> None:
    shutil.copy(storage / "imported/1/x.mp3", tmp_path / "secret.mp3")
    dump = old_dump(
        tmp_path,
        {
            "imported/1/x.mp3": "1",
            "/old/stor/imported/1/y.mp3": "1",
            "a.mp3": "2",
            "../secret.mp3": "1",
            f"{tmp_path}/secret.mp3": "1",
            "imported/1/missing.mp3": "1",
        },
    )
    status, output = brought(station, dump, storage)
    assert status == 1
    assert {segment.title for segment in station.segments()} == {"T0", "T1"}
    assert {segment.kind for segment in station.segments()} == {"music"}
    assert "T2 (track 2): it lies in a watched folder, /mnt/watched/" in output
    assert "T3 (track 3): its path leads out" in output
    assert "T4 (track 4): it lies outside of the storage folder" in output
    assert "T5 (track 5): there is no file imported/1/missing.mp3" in output


@pytest.mark.parametrize(
    ("interval", "seconds"),
    [
        ("00:03:25.5", 205.5),
        ("1 day 02:00:00", 93_600.0),
        ("2 days", 172_800.0),
        (None, 0.0),
        ("", 0.0),
        ("-00:00:01", 0.0),
        ("P1D", 0.0),
    ],
)
def test_lengths_as_postgresql_writes_them(interval: str | None, seconds: float) -> None:
    assert seconds_of(interval) == seconds
