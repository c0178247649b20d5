from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from audio.errors import EspeakMissing, SpeechFailed
from audio.espeak import ENGLISH, KOREAN, Voice, find_espeak, say


@pytest.fixture
def espeak(peer: Callable[[str], Path]) -> Path:
    return peer("espeak-ng")


def spoken(espeak: Path, text: str, folder: Path, voice: Voice = KOREAN) -> bytes:
    made = folder / "spoken.wav"
    say(espeak, text, voice, made)
    return made.read_bytes()


def program(path: Path, script: str) -> Path:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_the_configured_one_comes_first_then_the_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured = program(tmp_path / "mine", "exit 0")
    found = program(tmp_path / "espeak-ng", "exit 0")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_espeak(configured) == configured
    assert find_espeak() == found


def test_none_at_all_and_a_configured_one_that_is_not_there_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EspeakMissing, match="No usable espeak-ng"):
        find_espeak()
    with pytest.raises(EspeakMissing, match="nowhere"):
        find_espeak(tmp_path / "nowhere")
    with pytest.raises(EspeakMissing, match="nowhere"):
        say(tmp_path / "nowhere", "안녕하십니까", KOREAN, tmp_path / "spoken.wav")


def test_the_same_words_are_the_same_bytes(espeak: Path, tmp_path: Path) -> None:
    words = "주파수는 칠천오백십오 킬로헤르츠입니다."
    assert len({spoken(espeak, words, tmp_path) for _ in range(5)}) == 1
    assert spoken(espeak, words, tmp_path) != spoken(espeak, words, tmp_path, Voice("ko+f3"))
    assert spoken(espeak, words, tmp_path) != spoken(espeak, words, tmp_path, Voice("ko", pace=120))


def test_decomposed_letters_are_read_as_composed_ones(espeak: Path, tmp_path: Path) -> None:
    """As macOS writes file names and what is copied from them."""
    import unicodedata

    words = "아침 소식"
    assert spoken(espeak, unicodedata.normalize("NFD", words), tmp_path) == spoken(espeak, words, tmp_path)


@pytest.mark.parametrize("command", ["[[h@lo]]", "\x01+50P\x01 h@lo", "h@lo\x00", "\u200bh@lo"])
def test_a_title_is_said_and_never_obeyed(command: str, espeak: Path, tmp_path: Path) -> None:
    plain = "".join(each if each.isprintable() and each not in "[]" else " " for each in command)
    assert spoken(espeak, command, tmp_path, ENGLISH) == spoken(espeak, plain, tmp_path, ENGLISH)


def test_a_title_that_looks_like_an_option_is_said(espeak: Path, tmp_path: Path) -> None:
    assert len(spoken(espeak, "--version", tmp_path, ENGLISH)) > 20_000


def test_what_it_complains_of_is_told(espeak: Path, tmp_path: Path) -> None:
    with pytest.raises(SpeechFailed, match=r"status 1.*voice does not exist"):
        spoken(espeak, "안녕하십니까", tmp_path, Voice("nobody"))


def is_gone(pid: int) -> bool:
    try:
        return "State:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_one_that_hangs_is_killed_with_all_it_started(tmp_path: Path) -> None:
    stuck = program(tmp_path / "espeak-ng", f"sleep 60 & echo $! > {tmp_path}/child; wait")
    with pytest.raises(SpeechFailed, match=r"stopped after 0\.5 seconds"):
        say(stuck, "안녕하십니까", KOREAN, tmp_path / "spoken.wav", timeout_s=0.5)
    child = int((tmp_path / "child").read_text())
    limit = time.monotonic() + 20
    while not is_gone(child):
        assert time.monotonic() < limit
        time.sleep(0.01)


def test_words_reach_it_on_its_input_and_never_as_arguments(tmp_path: Path) -> None:
    script = f'printf "%s\\n" "$@" > {tmp_path}/arguments; cat > {tmp_path}/input; : > {tmp_path}/spoken.wav'
    say(program(tmp_path / "espeak-ng", script), "$(id) -w; 단파", KOREAN, tmp_path / "spoken.wav")
    arguments = (tmp_path / "arguments").read_text().splitlines()
    assert arguments == [
        "-v",
        "ko",
        "-s",
        "150",
        "-b",
        "1",
        "--stdin",
        "-w",
        os.fspath(tmp_path / "spoken.wav"),
    ]
    assert (tmp_path / "input").read_text() == "$(id) -w; 단파"
