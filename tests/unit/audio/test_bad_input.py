from __future__ import annotations

import pickle
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from audio import ingest as ingest_module
from audio.errors import AudioError, NotAudio
from audio.ingest import ingest
from tests.audio_files import BROKEN, AudioFiles


@pytest.mark.parametrize(("name", "code"), BROKEN.items())
def test_each_bad_file_is_refused_for_its_own_reason(
    name: str, code: str, files: AudioFiles, ffmpeg: Path, tmp_path: Path
) -> None:
    with pytest.raises(AudioError) as refusal:
        ingest(files.path(name), tmp_path, ffmpeg=ffmpeg)
    assert refusal.value.code == code
    assert str(refusal.value).startswith(refusal.value.message)
    assert list(tmp_path.iterdir()) == [], "a refused file leaves nothing"


def test_an_error_crosses_processes_whole() -> None:
    error = NotAudio("It is a text file.")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - what multiprocessing does with it
    assert (type(again), str(again), again.code) == (NotAudio, str(error), "not-audio")


def test_every_error_says_something_of_its_own() -> None:
    kinds = AudioError.__subclasses__()
    assert len({kind.code for kind in kinds}) == len({kind.message for kind in kinds}) == len(kinds)


class Listener:
    """A loopback server that remembers whether anyone came."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.called = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.called.set()
            connection.close()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


@pytest.fixture
def listener() -> Iterator[Listener]:
    server = Listener()
    yield server
    server.close()


def _attacks(canary: Path, port: int) -> dict[str, str]:
    address = f"http://127.0.0.1:{port}/segment.ts"
    hls = "#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\n{}\n#EXT-X-ENDLIST\n"
    return {
        "concat, a file": f"ffconcat version 1.0\nfile {canary.name}\n",
        "concat, an address": f"ffconcat version 1.0\nfile {address}\n",
        "HLS, a file": hls.format(canary.name),
        "HLS, an address": hls.format(address),
    }


def _decodes(ffmpeg: Path, arguments: list[str]) -> bool:
    run = [str(ffmpeg), "-nostdin", "-v", "error", *arguments, "-f", "null", "-"]
    return subprocess.run(run, capture_output=True, timeout=60, check=False).returncode == 0


@pytest.mark.parametrize("guard", ["the words", "the fence alone"])
@pytest.mark.parametrize("attack", list(_attacks(Path(), 0)))
def test_a_list_called_mp3_reads_no_file_and_calls_nobody(
    attack: str,
    guard: str,
    files: AudioFiles,
    ffmpeg: Path,
    listener: Listener,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    canary = tmp_path / "canary.wav"
    canary.write_bytes(files.path("wav_s16").read_bytes())
    bait = tmp_path / "programme.mp3"
    bait.write_text(_attacks(canary, listener.port)[attack])
    if guard == "the fence alone":
        monkeypatch.setattr(ingest_module, "refuse_hopeless", lambda _: None)

    with pytest.raises(AudioError):
        ingest(bait, tmp_path / "masters", ffmpeg=ffmpeg)
    assert not listener.called.is_set()


def test_the_attacks_are_real(files: AudioFiles, ffmpeg: Path, listener: Listener, tmp_path: Path) -> None:
    """Without the fence the same scripts do read the canary and do call the listener."""
    canary = tmp_path / "canary.wav"
    canary.write_bytes(files.path("wav_s16").read_bytes())
    attacks = _attacks(canary, listener.port)
    bait = tmp_path / "programme.mp3"
    bait.write_text(attacks["concat, a file"])
    assert _decodes(ffmpeg, ["-i", str(bait)])
    bait.write_text(attacks["HLS, an address"])
    _decodes(ffmpeg, ["-protocol_whitelist", "file,http,tcp", "-f", "hls", "-i", str(bait)])
    assert listener.called.is_set()
