"""Tags come as the bytes that a file holds, out of every container that producers use."""

from __future__ import annotations

import struct

import pytest

from audio.errors import AudioError
from audio.tags import parse_tags, read_tags
from tests.audio_files import AudioFiles

TITLE = "뉴스=가;#\\나"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> AudioFiles:
    return AudioFiles(tmp_path_factory.mktemp("tags"))


@pytest.mark.parametrize("container", ["mp3", "flac", "ogg", "opus", "m4a", "wav", "aiff", "mkv"])
def test_tags_of_every_container(files: AudioFiles, container: str) -> None:
    path = files.folder / f"tagged.{container}"
    files.run(
        "-i", str(files.reference()), "-metadata", f"title={TITLE}", "-metadata", "comment=a\nb", str(path)
    )
    tags = read_tags(path, ffmpeg=files.ffmpeg)
    assert tags["title"].decode() == TITLE
    if container in {"mp3", "flac", "ogg"}:
        assert tags["comment"] == b"a\nb"


def test_old_tags_in_cp949_keep_their_bytes(files: AudioFiles) -> None:
    korean = "아침뉴스".encode("cp949")
    plain = files.folder / "plain.mp3"
    files.run("-i", str(files.reference()), "-id3v2_version", "0", "-write_xing", "0", str(plain))
    sound = plain.read_bytes()
    old = files.folder / "old"
    old.write_bytes(sound + b"TAG" + korean.ljust(30, b"\0") + b"\0" * 94 + b"\xff")
    assert read_tags(old, ffmpeg=files.ffmpeg)["title"] == korean
    frame = b"TIT2" + struct.pack(">I", len(korean) + 1) + b"\0\0" + b"\0" + korean
    head = b"ID3\3\0\0" + bytes(len(frame) >> shift & 0x7F for shift in (21, 14, 7, 0))
    newer = files.folder / "newer"
    newer.write_bytes(head + frame + sound)
    assert read_tags(newer, ffmpeg=files.ffmpeg)["title"] == korean.decode("latin-1").encode()
    wav = files.path("wav_s16").read_bytes()
    info = b"INFOINAM" + struct.pack("<I", len(korean)) + korean
    riff = files.folder / "riff"
    riff.write_bytes(
        b"RIFF"
        + struct.pack("<I", len(wav) + len(info))
        + wav[8:]
        + b"LIST"
        + struct.pack("<I", len(info))
        + info
    )
    assert read_tags(riff, ffmpeg=files.ffmpeg)["title"] == korean


def test_a_file_without_tags_has_none(files: AudioFiles) -> None:
    assert "title" not in read_tags(files.path("mp3_no_header"), ffmpeg=files.ffmpeg)


@pytest.mark.parametrize("name", ["empty", "text", "noise", "hls", "concat_plain"])
def test_what_is_no_sound_is_refused(files: AudioFiles, name: str) -> None:
    with pytest.raises(AudioError):
        read_tags(files.path(name), ffmpeg=files.ffmpeg)


def test_sections_behind_the_files_own_tags_are_not_its_tags() -> None:
    told = b";FFMETADATA1\nTitle=a\ntitle=b\n[CHAPTER]\nartist=c\n"
    assert parse_tags(told) == {"title": b"a"}
    assert parse_tags(b"") == {}
    assert parse_tags(b";FFMETADATA1\nbroken") == {}
