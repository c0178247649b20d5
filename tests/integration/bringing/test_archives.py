"""ZIP files of old recordings: Korean names come out right, and nothing in one can do harm."""

from __future__ import annotations

import io
import struct
import unicodedata
import zipfile
import zlib
from pathlib import Path

import pytest

from app.bringing.archives import open_archive
from app.errors import Invalid
from tests.integration.bringing.bringing import imported
from tests.integration.library.stations import Station, write_tone

MOST = 1 << 30


def pack(path: Path, entries: dict[str, bytes], *, utf8: bool = True) -> Path:
    """A ZIP file; without `utf8` its names are bytes in Latin-1 clothes, and nothing says what they are."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    if not utf8:
        _without_utf8(path)
    return path


def _without_utf8(path: Path) -> None:
    """Take the flag off that says that names are UTF-8."""
    content = bytearray(path.read_bytes())
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.find(mark)
        while at >= 0:
            content[at + flags + 1] &= ~0x08 & 0xFF
            at = content.find(mark, at + 4)
    path.write_bytes(bytes(content))


def with_names(path: Path, names: list[bytes], content: bytes = b"x") -> Path:
    """A ZIP file whose names are these very bytes, as Windows' own ZIP folders write them in Korea."""
    stand_ins = {f"{number:03}".ljust(len(name), "~"): name for number, name in enumerate(names)}
    pack(path, dict.fromkeys(stand_ins, content))
    raw = path.read_bytes()
    for stand_in, name in stand_ins.items():
        raw = raw.replace(stand_in.encode(), name)
    path.write_bytes(raw)
    return path


def test_names_read_as_they_were_meant(tmp_path: Path) -> None:
    names = {
        "뉴스/아침 뉴스.mp3".encode("cp949"): "뉴스/아침 뉴스.mp3",
        unicodedata.normalize("NFD", "저녁.mp3").encode(): "저녁.mp3",
        "폴더\\슬픔.mp3".encode("cp949"): "폴더/슬픔.mp3",
        "뷁\\둘.mp3".encode("cp949"): "뷁/둘.mp3",
        b"plain.mp3": "plain.mp3",
    }
    archive = open_archive(with_names(tmp_path / "old.zip", list(names)), MOST)
    assert {one.name for one in archive.recordings} == set(names.values())
    assert archive.refused == []
    archive.close()
    stated = open_archive(pack(tmp_path / "new.zip", {"한글.mp3": b"x"}), MOST)
    assert [one.name for one in stated.recordings] == ["한글.mp3"]
    stated.close()


def test_an_extra_field_that_states_the_name_wins(tmp_path: Path) -> None:
    told = "뉴스.mp3".encode()
    entry = zipfile.ZipInfo("____.mp3")
    body = b"\x01" + struct.pack("<I", zlib.crc32(b"____.mp3")) + told
    entry.extra = struct.pack("<HH", 0x7075, len(body)) + body
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(entry, b"x")
    opened = open_archive(tmp_path / "x.zip", MOST)
    assert [one.name for one in opened.recordings] == ["뉴스.mp3"]
    opened.close()


def _link() -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo("link.mp3")
    entry.create_system, entry.external_attr = 3, 0o120777 << 16
    return entry


def test_what_an_archive_may_not_hold_is_refused_in_words_and_the_rest_is_taken(
    station: Station, tmp_path: Path
) -> None:
    tone = write_tone(tmp_path / "tone.wav", 0.5).read_bytes()
    path = tmp_path / "old.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("좋은/좋음.wav", tone)
        archive.writestr("../../etc/evil.wav", tone)
        archive.writestr("/etc/absolute.wav", tone)
        archive.writestr("C:/windows.wav", tone)
        archive.writestr(_link(), "/etc/passwd")
        archive.writestr("안에.zip", b"PK\x05\x06")
        archive.writestr("bomb.wav", bytes(80 << 20))
        archive.writestr("__MACOSX/좋은/._좋음.wav", b"x")
        archive.writestr("notes.txt", b"x")
    status, output = imported(station, path, dry_run=True)
    assert (status, station.segments(), station.incoming()) == (0, [], [])
    assert "좋은/좋음.wav" in output
    status, output = imported(station, path, report=tmp_path / "report.csv")
    assert status == 1
    assert "1 imported, 0 already in the library, 0 rejected, 6 failed, 2 passed over" in output
    for name, why in {
        "../../etc/evil.wav": "its name leads out",
        "/etc/absolute.wav": "its name leads out",
        "C:/windows.wav": "its name leads out",
        "link.mp3": "it is a link",
        "안에.zip": "an archive inside",
        "bomb.wav": "times its size",
    }.items():
        assert f"failed: {name}: " in output
        assert why in output
    assert [segment.original_name for segment in station.segments()] == ["좋음.wav"]
    assert not (tmp_path / "etc").exists()
    assert station.incoming() == []
    assert "안에.zip,failed" in (tmp_path / "report.csv").read_text("utf-8-sig")
    status, output = imported(station, path)
    assert "0 imported, 1 already in the library" in output


def test_an_encrypted_entry_is_refused(tmp_path: Path) -> None:
    path = pack(tmp_path / "x.zip", {"a.wav": b"secret"})
    content = bytearray(path.read_bytes())
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.find(mark) + flags] |= 1
    path.write_bytes(bytes(content))
    archive = open_archive(path, MOST)
    assert archive.recordings == []
    assert "encrypted" in archive.refused[0][1]
    archive.close()


def test_entries_that_share_their_bytes_are_a_bomb(tmp_path: Path) -> None:
    path = pack(tmp_path / "x.zip", {"a.wav": b"a" * 1000, "b.wav": b"b" * 1000})
    content = bytearray(path.read_bytes())
    second = content.find(b"PK\x01\x02", content.find(b"PK\x01\x02") + 4)
    content[second + 42 : second + 46] = bytes(4)  # where its bytes are: at those of the first one
    path.write_bytes(bytes(content))
    with pytest.raises(Invalid, match="lie over one another"):
        open_archive(path, MOST)


@pytest.mark.parametrize("content", [b"", b"PK", b"not a zip" * 100])
def test_what_is_no_zip_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.zip").write_bytes(content)
    with pytest.raises(Invalid, match="no ZIP file"):
        open_archive(tmp_path / "x.zip", MOST)


def test_a_damaged_entry_stops_no_other(station: Station, tmp_path: Path) -> None:
    tone = write_tone(tmp_path / "tone.wav", 0.5).read_bytes()
    path = tmp_path / "x.zip"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.wav", tone)
        archive.writestr("b.wav", tone[:-2] + b"\1\1")
    content = bytearray(packed.getvalue())
    content[len(tone) // 2] ^= 0xFF  # inside the first one
    path.write_bytes(bytes(content))
    status, output = imported(station, path)
    assert status == 1
    assert "1 imported" in output
    assert "failed: a.wav: the ZIP file is damaged here" in output
    assert station.incoming() == []
