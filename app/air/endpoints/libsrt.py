"""The part of libsrt that a sender needs, by ctypes: Debian's ffmpeg brings the library along, but no binding for Python.

Names and numbers are those of ``srt.h``; they are the same from 1.4 to 1.5. Every call here either returns at once or
says so. One thread only, except for the counting of callers, which libsrt does on its own.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import socket
import struct
import sys
from collections.abc import Callable
from enum import IntEnum
from typing import Any, Final

# Debian and Ubuntu name the library by what it encrypts with, everybody else does not; a name with its version needs no
# -dev package. What is found like this needs no `ldconfig`, which is a process more.
_FILES: Final = tuple(
    f"lib{name}.so.{version}" for version in ("1.5", "1.4") for name in ("srt-gnutls", "srt-openssl", "srt")
)
_NAMES: Final = ("srt", "srt-gnutls", "srt-openssl")
_OLDEST: Final = 0x01_04_00  # before it, encryption was enforced by another option
HANDSHAKE_5: Final = 0x01_03_00
"""The oldest peer that is let in: before it, keys came after the connection, and encryption could not be enforced."""
LARGEST_STREAM_ID: Final = 512

_PERF_BYTES: Final = 1024  # struct CBytePerfMon has 496 in 1.5.1, and new fields come at its end only
_SEND_DROPS_AT: Final = 64  # its pktSndDropTotal


class Option(IntEnum):
    """``SRT_SOCKOPT``, as far as it is used."""

    SNDSYN = 1
    RCVSYN = 2
    LATENCY = 23
    PASSPHRASE = 26
    PBKEYLEN = 27
    PEERVERSION = 35
    CONNTIMEO = 36
    SNDKMSTATE = 40
    PEERLATENCY = 44
    MINVERSION = 45
    STREAMID = 46
    ENFORCEDENCRYPTION = 53
    PEERIDLETIMEO = 55


class State(IntEnum):
    """``SRT_SOCKSTATUS``."""

    INIT = 1
    OPENED = 2
    LISTENING = 3
    CONNECTING = 4
    CONNECTED = 5
    BROKEN = 6
    CLOSING = 7
    CLOSED = 8
    NONEXIST = 9


SECURED: Final = 2
"""``SRT_KM_S_SECURED``: both sides have the key."""

# SRT_ERRNO
_EASYNCSND: Final = 6001
_EASYNCRCV: Final = 6002

_HOOK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p
)
Address = tuple[int, str, int]
"""Family, address in digits, port."""


class LibraryMissing(Exception):
    """libsrt is not installed, or too old; the text says what to do."""


class SrtError(Exception):
    """A call failed. ``code`` is an ``SRT_ERRNO``, ``errno`` the system's or 0."""

    def __init__(self, code: int, errno: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.errno = errno


class Library:
    """libsrt, loaded and started. A process needs one and ends without taking it down."""

    def __init__(self) -> None:
        self._srt = _load()
        _declare(self._srt)
        self.version: int = self._srt.srt_getversion()
        if self.version < _OLDEST:
            raise LibraryMissing(
                "the SRT library of this machine is older than 1.4: install libsrt1.5-gnutls"
            )
        if self._srt.srt_startup() < 0:
            raise self.error()
        self._srt.srt_setloglevel(2)  # LOG_CRIT: what goes wrong is reported by its code

    def socket(self) -> Socket:
        """A new socket, which waits for nothing in any of its calls."""
        made = Socket(self, self._srt, self.checked(self._srt.srt_create_socket()))
        made.set_number(Option.SNDSYN, 0)
        made.set_number(Option.RCVSYN, 0)
        return made

    def checked(self, result: int) -> int:
        """`result`, unless it says that the call failed."""
        if result < 0:
            raise self.error()
        return result

    def error(self) -> SrtError:
        """What went wrong in the last call of this thread."""
        errno = ctypes.c_int(0)
        code = self._srt.srt_getlasterror(ctypes.byref(errno))
        return SrtError(code, errno.value, self._srt.srt_getlasterror_str().decode("ascii", "replace"))


class Socket:
    """One socket: a caller, a listener or what a listener accepted."""

    def __init__(self, library: Library, srt: ctypes.CDLL, number: int) -> None:
        self._library = library
        self._srt = srt
        self._number = number
        self._hook: Any = None

    def set_number(self, option: Option, value: int) -> None:
        """Set an option that is a whole number or a yes (1) or no (0)."""
        held = ctypes.c_int(value)
        self._library.checked(
            self._srt.srt_setsockflag(self._number, option, ctypes.byref(held), ctypes.sizeof(held))
        )

    def set_text(self, option: Option, value: bytes) -> None:
        """Set an option that is text."""
        self._library.checked(self._srt.srt_setsockflag(self._number, option, value, len(value)))

    def number(self, option: Option) -> int:
        """The value of an option that is a whole number."""
        held, length = ctypes.c_int(0), ctypes.c_int(ctypes.sizeof(ctypes.c_int))
        self._library.checked(
            self._srt.srt_getsockflag(self._number, option, ctypes.byref(held), ctypes.byref(length))
        )
        return held.value

    def connect(self, address: Address) -> None:
        """Begin to call; `state` says when it is connected, or broken for `reject_reason`."""
        packed = _packed(address)
        self._library.checked(self._srt.srt_connect(self._number, packed, len(packed)))

    def listen(self, address: Address, on_call: Callable[[], None]) -> None:
        """Bind and let one caller in. `on_call` is told of each one that tries, in a thread of libsrt's."""

        def called(*_: object) -> int:
            on_call()
            return 0

        self._hook = _HOOK(called)  # libsrt does not hold it
        packed = _packed(address)
        self._library.checked(self._srt.srt_bind(self._number, packed, len(packed)))
        self._library.checked(self._srt.srt_listen_callback(self._number, self._hook, None))
        self._library.checked(self._srt.srt_listen(self._number, 1))

    def accept(self) -> Socket | None:
        """Who has called and was let in; None as long as nobody was."""
        taken = self._srt.srt_accept(self._number, None, None)
        if taken >= 0:
            return Socket(self._library, self._srt, taken)
        error = self._library.error()
        if error.code == _EASYNCRCV:
            return None
        raise error

    def send(self, payload: bytes) -> bool:
        """Take one payload for sending; False if libsrt's own buffer is full."""
        if self._srt.srt_sendmsg(self._number, payload, len(payload), -1, 1) >= 0:
            return True
        error = self._library.error()
        if error.code == _EASYNCSND:
            return False
        raise error

    def state(self) -> State:
        return State(self._srt.srt_getsockstate(self._number))

    def reject_reason(self) -> int:
        """Why the other side did not let us in: an ``SRT_REJECT_REASON``, or 1000 and more by its own service."""
        return int(self._srt.srt_getrejectreason(self._number))

    def unacknowledged(self) -> int:
        """How many payloads were taken for sending and are neither acknowledged nor given up."""
        blocks, length = ctypes.c_size_t(0), ctypes.c_size_t(0)
        self._library.checked(
            self._srt.srt_getsndbuffer(self._number, ctypes.byref(blocks), ctypes.byref(length))
        )
        return blocks.value

    def dropped(self) -> int:
        """How many payloads have been given up because they would have come too late."""
        perf = ctypes.create_string_buffer(_PERF_BYTES)
        self._library.checked(self._srt.srt_bstats(self._number, perf, 0))
        return int(struct.unpack_from("i", perf, _SEND_DROPS_AT)[0])

    def close(self) -> None:
        """Say goodbye to the other side, at once and without waiting for what it has not acknowledged."""
        self._srt.srt_close(self._number)


def resolve(host: str, port: int) -> list[Address]:
    """The addresses of a host, which may take as long as the resolver does.

    Raises:
        OSError: there is no such host, or nobody can be asked.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    return [(int(family), str(address[0]), port) for family, _, _, _, address in found]


def _load() -> ctypes.CDLL:
    for file in _FILES:
        try:
            return ctypes.CDLL(file)
        except OSError:
            continue
    for name in _NAMES:
        if found := ctypes.util.find_library(name):
            return ctypes.CDLL(found)
    raise LibraryMissing(
        "the SRT library (libsrt) is not on this machine: install the package libsrt1.5-gnutls, or srt on other systems "
        "than Debian and Ubuntu"
    )


def _declare(srt: ctypes.CDLL) -> None:
    number, pointer, text = ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p
    signatures: dict[str, tuple[Any, list[Any]]] = {
        "srt_startup": (number, []),
        "srt_getversion": (ctypes.c_uint32, []),
        "srt_setloglevel": (None, [number]),
        "srt_create_socket": (number, []),
        "srt_bind": (number, [number, text, number]),
        "srt_listen": (number, [number, number]),
        "srt_listen_callback": (number, [number, _HOOK, pointer]),
        "srt_accept": (number, [number, pointer, pointer]),
        "srt_connect": (number, [number, text, number]),
        "srt_close": (number, [number]),
        "srt_setsockflag": (number, [number, number, pointer, number]),
        "srt_getsockflag": (number, [number, number, pointer, pointer]),
        "srt_sendmsg": (number, [number, text, number, number, number]),
        "srt_getsockstate": (number, [number]),
        "srt_getrejectreason": (number, [number]),
        "srt_getsndbuffer": (number, [number, pointer, pointer]),
        "srt_bstats": (number, [number, pointer, number]),
        "srt_getlasterror": (number, [pointer]),
        "srt_getlasterror_str": (text, []),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(srt, name)
        function.restype, function.argtypes = result, arguments


def _packed(address: Address) -> bytes:
    """A ``struct sockaddr``; on the BSDs and macOS its first byte is its length."""
    family, host, port = address
    bare, _, scope = host.partition("%")
    digits = socket.inet_pton(family, bare)
    rest = port.to_bytes(2, "big")
    if family == socket.AF_INET6:
        rest += bytes(4) + digits + struct.pack("=I", socket.if_nametoindex(scope) if scope else 0)
    else:
        rest += digits + bytes(8)
    if sys.platform.startswith(("darwin", "freebsd", "openbsd", "netbsd")):
        return struct.pack("=BB", len(rest) + 2, family) + rest
    return struct.pack("=H", family) + rest
