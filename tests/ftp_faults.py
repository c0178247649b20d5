"""A transmitter site for tests that speaks FTP and can go wrong in ways which vsftpd cannot be told to.

    with FaultyFtp(tmp_path / "site", certificate) as site:
        site.faults.cut_at = 65_537
        ... connect to 127.0.0.1, site.port, as the user station ...

Passive mode only, each login in a thread of its own. Bytes of names that are not UTF-8 pass through unchanged.
"""

from __future__ import annotations

import contextlib
import os
import posixpath
import socket
import socketserver
import ssl
import struct
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Self, cast

from tests.ftp_sites import PASSWORD, Certificate
from tests.receivers import server_tls

USER = "station"
PATIENCE_S = 30.0
"""For each thing that the other side owes us; no test needs it, and none hangs."""
CHUNK = 1 << 16
LONGEST_LINE = 8192
RESET = struct.pack("ii", 1, 0)
DONE, NOT_HERE, NOT_UNDERSTOOD = "250 Done.", "550 Not here.", "500 What?"
TO_LOG_IN = {"AUTH", "FEAT", "NOOP", "OPTS", "PASS", "PBSZ", "PROT", "QUIT", "USER"}


@dataclass
class Faults:
    """What goes wrong at a `FaultyFtp`."""

    refuse: dict[str, str] = field(default_factory=dict)
    """Command to the answer that it gets instead of being done."""
    silent: tuple[str, ...] = ()
    """Commands that are never answered."""
    unknown: tuple[str, ...] = ()
    """Commands that the server does not know; FEAT does not name them."""
    cut_at: int | None = None
    """The data connection of an upload is reset after so many bytes."""
    full_at: int | None = None
    """The disk is full then."""
    lose_control_at: int | None = None
    """After so many bytes the control connection is gone when the upload ends, once."""
    size_plus: int = 0
    """What is added to every size that is told."""
    drop_files: bool = False
    """A file that got its final name is lost."""
    no_overwrite: bool = False
    """A name that is taken stays so."""
    hash_is: str | None = None
    """XSHA256 is offered, and says this."""
    seen: list[str] = field(default_factory=list)
    """Every command."""


class FaultyFtp(socketserver.ThreadingTCPServer):
    """Serves ``folder`` until the end of its `with`; ``faults`` may be changed meanwhile.

    With a ``certificate`` it demands TLS for commands (by AUTH) and data; without one it has none.
    """

    def __init__(self, folder: Path, certificate: Certificate | None) -> None:
        self.folder = folder
        self.faults = Faults()
        self.tls = server_tls(certificate.cert, certificate.key) if certificate else None
        self.logins: set[_Login] = set()
        super().__init__(("127.0.0.1", 0), _Login)
        self.port: int = self.server_address[1]
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), name="faulty ftp")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join()
        for login in tuple(self.logins):
            login.cut()
        self.server_close()  # waits for their threads


class _Login(socketserver.BaseRequestHandler):
    """One control connection, and at most one data connection at a time. ``do_`` methods give their command's answer.

    Raises in them: OSError, what the disk or the data connection says.
    """

    server: FaultyFtp

    def setup(self) -> None:
        self._control: socket.socket = self.request
        self._data: socket.socket | None = None
        self._listener: socket.socket | None = None
        self._user = ""
        self._is_known = self._is_private = False
        self._place = "/"
        self._renamed: Path | None = None
        _prepare(self._control)
        self._lines = self._control.makefile("rb")
        self.server.logins.add(self)

    def finish(self) -> None:
        self.server.logins.discard(self)
        for end in (self._lines, self._control, self._data, self._listener):
            if end is not None:
                end.close()

    def cut(self) -> None:
        """Wake the thread of this login; called from another one."""
        for end in (self._control, self._data, self._listener):
            if end is not None:
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(end, socket.SHUT_RDWR)

    def handle(self) -> None:
        with contextlib.suppress(OSError):  # the client is gone, or was left alone
            self._say("220 ready")
            while line := self._lines.readline(LONGEST_LINE):
                self._say(self._answer(os.fsdecode(line.rstrip(b"\r\n"))))

    def _say(self, answer: str) -> None:
        if answer:
            self._control.sendall(os.fsencode(answer) + b"\r\n")

    def _answer(self, line: str) -> str:
        faults = self.server.faults
        faults.seen.append(line)
        command, _, argument = line.partition(" ")
        if command in faults.silent:
            return ""
        return faults.refuse.get(command) or self._done(command, argument)

    def _done(self, command: str, argument: str) -> str:
        do: Callable[[str], str] | None = getattr(self, f"do_{command.lower()}", None)
        if do is None or command in self.server.faults.unknown:
            return NOT_UNDERSTOOD
        if command not in TO_LOG_IN and not self._is_known:
            return "530 Who are you?"
        try:
            return do(argument)
        except OSError as error:
            return f"550 {error.strerror}"

    # ---------------------------------------------------------------- the login

    def do_auth(self, _: str) -> str:
        if self.server.tls is None:
            return NOT_UNDERSTOOD
        self._say("234 Go on.")
        self._lines.close()
        self._control = self._wrapped(self._control)
        self._lines = self._control.makefile("rb")
        return ""

    def do_prot(self, level: str) -> str:
        self._is_private = level == "P"
        return "200 So be it."

    def do_user(self, name: str) -> str:
        if self.server.tls is not None and not isinstance(self._control, ssl.SSLSocket):
            return "534 Not in clear."
        self._user = name
        return "331 And the password?"

    def do_pass(self, password: str) -> str:
        self._is_known = (self._user, password) == (USER, PASSWORD)
        return "230 Welcome." if self._is_known else "530 No."

    def do_feat(self, _: str) -> str:
        names = {"UTF8", "TVFS", "MLST", "SIZE", "MDTM"} - set(self.server.faults.unknown)
        if self.server.faults.hash_is is not None:
            names.add("XSHA256")
        return "\r\n".join(["211-Features:", *(f" {name}" for name in sorted(names)), "211 End"])

    def do_noop(self, _: str) -> str:
        return "200 Fine."

    do_opts = do_pbsz = do_type = do_noop

    def do_quit(self, _: str) -> str:
        self._say("221 Bye.")
        self._hang_up()
        return ""

    def _hang_up(self) -> None:
        socket.socket.shutdown(self._control, socket.SHUT_RDWR)

    def _wrapped(self, plain: socket.socket) -> ssl.SSLSocket:
        """The handshake comes later, when `cut` can reach the connection."""
        tls = cast("ssl.SSLContext", self.server.tls)
        return tls.wrap_socket(plain, server_side=True, do_handshake_on_connect=False)

    # ---------------------------------------------------------------- folders and names

    def _path(self, name: str) -> Path:
        """Never above the served folder."""
        return self.server.folder / self._resolved(name).lstrip("/")

    def _resolved(self, name: str) -> str:
        return posixpath.normpath(posixpath.join(self._place, name))

    def do_pwd(self, _: str) -> str:
        return f'257 "{self._place}"'

    def do_cwd(self, name: str) -> str:
        if not self._path(name).is_dir():
            return NOT_HERE
        self._place = self._resolved(name)
        return DONE

    def do_mkd(self, name: str) -> str:
        self._path(name).mkdir()
        return f'257 "{self._resolved(name)}"'

    def do_dele(self, name: str) -> str:
        self._path(name).unlink()
        return DONE

    def do_rnfr(self, name: str) -> str:
        self._renamed = self._path(name)
        return "350 And now?" if self._renamed.exists() else NOT_HERE

    def do_rnto(self, name: str) -> str:
        if self._renamed is None:
            return "503 What?"
        if self.server.faults.no_overwrite and self._path(name).exists():
            return "553 File exists."
        self._renamed.replace(self._path(name))
        if self.server.faults.drop_files:
            self._path(name).unlink()
        return DONE

    def do_size(self, name: str) -> str:
        return f"213 {self._size(self._path(name))}" if self._path(name).is_file() else NOT_HERE

    def do_mdtm(self, name: str) -> str:
        return f"213 {_time(self._path(name))}"

    def do_xsha256(self, _: str) -> str:
        return f"250 {self.server.faults.hash_is}" if self.server.faults.hash_is else NOT_UNDERSTOOD

    def do_mlst(self, name: str) -> str:
        return f"250-Here:\r\n {self._facts(self._path(name))}\r\n250 End"

    def _facts(self, path: Path) -> str:
        """As in RFC 3659, 7.2."""
        kind = "dir" if path.is_dir() else "file"
        return f"type={kind};size={self._size(path)};modify={_time(path)}; {path.name}"

    def _size(self, path: Path) -> int:
        return path.stat().st_size + self.server.faults.size_plus

    # ---------------------------------------------------------------- data

    def _listen(self) -> socket.socket:
        """A new port: on the one before a connection may wait whose command was refused."""
        if self._listener is not None:
            self._listener.close()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(PATIENCE_S)
        return self._listener

    def do_epsv(self, _: str) -> str:
        return f"229 Here (|||{self._listen().getsockname()[1]}|)"

    def do_pasv(self, _: str) -> str:
        port = self._listen().getsockname()[1]
        return f"227 Here (127,0,0,1,{port >> 8},{port & 255})"

    def do_stor(self, name: str) -> str:
        with self._path(name).open("wb") as file:
            answer = self._transfer(lambda data: self._take(data, file))
            size = file.tell()
        lose_at = self.server.faults.lose_control_at
        if lose_at is not None and size >= lose_at:
            self.server.faults.lose_control_at = None
            self._hang_up()
        return answer

    def do_retr(self, name: str) -> str:
        return self._give(self._path(name).read_bytes())

    def do_mlsd(self, name: str) -> str:
        return self._give(_text(map(self._facts, self._path(name).iterdir())))

    def do_nlst(self, name: str) -> str:
        return self._give(_text(path.name for path in self._path(name).iterdir()))

    def _give(self, content: bytes) -> str:
        def send(data: socket.socket) -> str:
            data.sendall(content)
            return "226 That is all."

        return self._transfer(send)

    def _take(self, data: socket.socket, file: BinaryIO) -> str:
        faults, size = self.server.faults, 0
        while content := data.recv(CHUNK):
            size += file.write(content)
            if faults.cut_at is not None and size >= faults.cut_at:
                raise ConnectionAbortedError
            if faults.full_at is not None and size >= faults.full_at:
                return "452 No space left."
        return "226 I have it."

    def _transfer(self, work: Callable[[socket.socket], str]) -> str:
        """Do ``work`` on the data connection that the client has made; whatever breaks it off resets it."""
        if self.server.tls is not None and not self._is_private:
            return "522 Not in clear."
        self._say("150 Go on.")
        listener = self._listener or self._listen()  # who was told of another port never comes
        self._data, _ = listener.accept()
        try:
            _prepare(self._data)
            if self.server.tls is not None:
                self._data = self._wrapped(self._data)
                self._data.do_handshake()
            answer = work(self._data)
            if isinstance(self._data, ssl.SSLSocket) and answer.startswith("2"):
                with contextlib.suppress(OSError):
                    self._data.unwrap()
        except OSError:
            self._data.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            return "426 Broken off."
        finally:
            self._data.close()
        return answer


def _prepare(connection: socket.socket) -> None:
    connection.settimeout(PATIENCE_S)
    connection.setsockopt(
        socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
    )  # else each answer waits 40 ms for the one before


def _time(path: Path) -> str:
    """As in RFC 3659, 2.3."""
    return datetime.fromtimestamp(path.stat().st_mtime, UTC).strftime("%Y%m%d%H%M%S")


def _text(lines: Iterable[str]) -> bytes:
    return b"".join(os.fsencode(line) + b"\r\n" for line in lines)
