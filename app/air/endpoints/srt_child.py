"""The process that speaks SRT for one connection: ``python -m app.air.endpoints.srt_child``, started by `SrtEndpoint`.

On stdin comes one line of JSON (`Order`), then sound: chunks of whole frames, each behind its length as four bytes, big
endian; a length of 0 is an orderly end, and the end of the pipe without it means that nobody is left to send for. On
stdout go lines of JSON with an ``event``: ``connected``, ``progress`` (bytes of sound ``accepted`` and ``lost``),
``failed`` (with ``code``, ``detail`` and ``permanent`` as in ``app.feeds.errors``) and ``ended``.

The passphrase comes by the pipe, because arguments and environment of a process can be read in its listings.
"""

from __future__ import annotations

import errno
import json
import os
import select
import signal
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from app.air.endpoints.libsrt import (
    HANDSHAKE_5,
    SECURED,
    Address,
    Library,
    LibraryMissing,
    Option,
    Socket,
    SrtError,
    State,
    resolve,
)
from app.air.endpoints.mpegts import PAYLOAD_BYTES, Muxer, NotFrames, Payloads
from app.air.endpoints.srt_refusals import nobody_called, refused
from app.feeds.errors import FeedError, PassingFeedError, PermanentFeedError

PEER_SILENT_MS: Final = 5000
"""A peer that is silent for so long is gone. libsrt counts 16 missed signs of life besides, so less makes no difference."""
ACKNOWLEDGED_WITHIN_S: Final = 2.0
"""How long an orderly end waits for what is under way."""
_ATTENTION_S: Final = 0.02
_IDLE_S: Final = 0.1
_REPORT_EVERY_S: Final = 0.2
_ORPHAN_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Order:
    """Whom to send to, and how."""

    host: str
    port: int
    mode: str
    """``caller`` or ``listener``."""
    media_type: str
    wait_s: float
    """How long to try, or to wait for a caller, in seconds."""
    latency_ms: int
    passphrase: str | None = field(default=None, repr=False)
    pbkeylen: int = 0
    """Bytes of the key: 16, 24 or 32; a listener takes its caller's."""
    streamid: str | None = None


class Orphaned(Exception):
    """The end of the pipe: nobody is left to send for, or nobody wants it any more."""


class Parent:
    """The process that ordered this one, by its two pipes."""

    def __init__(self, source: int, sink: int) -> None:
        self._source = source
        self._sink = sink
        self._unread = bytearray()
        self._poll = select.poll()
        self._poll.register(source, select.POLLIN)

    def order(self) -> Order:
        """Wait for the first line."""
        while (end := self._unread.find(b"\n")) < 0:
            self._read(None)
        line = bytes(self._unread[:end])
        del self._unread[: end + 1]
        return Order(**json.loads(line))

    def attend(self, seconds: float) -> None:
        """Sleep for so long, or until something comes; raises `Orphaned` when nothing can come any more."""
        self._read(seconds)

    def chunks(self, seconds: float) -> Iterator[bytes]:
        """What has come within so many seconds; an empty one is the orderly end."""
        self._read(seconds)
        while len(self._unread) >= 4:
            end = 4 + int.from_bytes(self._unread[:4], "big")
            if len(self._unread) < end:
                return
            chunk = bytes(self._unread[4:end])
            del self._unread[:end]
            yield chunk

    def report(self, event: str, **facts: Any) -> None:
        """Tell; raises `Orphaned` when nobody listens."""
        try:
            os.write(self._sink, json.dumps({"event": event, **facts}).encode() + b"\n")
        except BrokenPipeError:
            raise Orphaned from None

    def _read(self, seconds: float | None) -> None:
        if self._poll.poll(None if seconds is None else max(0.0, seconds) * 1000):
            got = os.read(self._source, 65_536)
            if not got:
                raise Orphaned
            self._unread += got


class Ledger:
    """Which bytes of sound are in which payload: libsrt counts payloads, the air counts its own bytes."""

    def __init__(self) -> None:
        self.accepted = 0
        self.lost = 0
        self._written = 0
        self._packet_bytes = 0
        self._payloads = 0
        self._dropped = 0
        self._owed = 0
        self._unsure: deque[tuple[int, int]] = deque()

    def add(self, sound_bytes: int, packet_bytes: int) -> None:
        """One chunk has become so many bytes of packets."""
        self._packet_bytes += packet_bytes
        self._unsure.append((self._packet_bytes, sound_bytes))

    def sent(self, payloads: int) -> None:
        self._payloads += payloads

    def settle(self, unacknowledged: int, dropped: int) -> None:
        """`unacknowledged` payloads are still under way, `dropped` were given up since the beginning.

        A chunk counts once all of it has left. A payload given up counts as full of sound, which is more than was in it.
        """
        through = (self._payloads - unacknowledged) * PAYLOAD_BYTES
        gone = 0
        while self._unsure and self._unsure[0][0] <= through:
            gone += self._unsure.popleft()[1]
        self._owed += (dropped - self._dropped) * PAYLOAD_BYTES
        self._dropped = dropped
        lost = min(gone, self._owed)
        self._owed -= lost
        self.lost += lost
        self.accepted += gone - lost


# ---------------------------------------------------------------- the connection


@contextmanager
def connected(order: Order, parent: Parent) -> Iterator[Socket]:
    """A connection that is encrypted if it is to be.

    Raises:
        FeedError: as `SrtEndpoint.connect` tells it.
    """
    try:
        library = Library()
    except LibraryMissing as error:
        raise PermanentFeedError("software-missing", str(error)) from None
    line = _answered(library, order, parent) if order.mode == "listener" else _called(library, order, parent)
    try:
        check_secret(line, order)
        yield line
    finally:
        line.close()


def check_secret(line: Socket, order: Order) -> None:
    """Let nothing out unencrypted where a passphrase was given: enforced by libsrt, and looked at all the same."""
    if order.passphrase and line.number(Option.SNDKMSTATE) != SECURED:
        raise PermanentFeedError(
            "unauthorised", "the other side has not agreed on a key: compare the passphrases"
        )


def _prepared(library: Library, order: Order) -> Socket:
    line = library.socket()
    line.set_number(Option.ENFORCEDENCRYPTION, 1)
    line.set_number(Option.MINVERSION, HANDSHAKE_5)
    line.set_number(Option.LATENCY, order.latency_ms)
    line.set_number(Option.PEERIDLETIMEO, PEER_SILENT_MS)
    if order.passphrase:
        line.set_number(Option.PBKEYLEN, order.pbkeylen)
        line.set_text(Option.PASSPHRASE, order.passphrase.encode("ascii"))
    if order.streamid:
        line.set_text(Option.STREAMID, order.streamid.encode())
    return line


def _addresses(order: Order) -> list[Address]:
    try:
        return resolve(order.host, order.port)
    except socket.gaierror:
        raise PassingFeedError(
            "host-unknown", f"the name {order.host} cannot be resolved: check it, and the machine's DNS"
        ) from None


def _called(library: Library, order: Order, parent: Parent) -> Socket:
    """Call the host's addresses one by one until one answers; they share the time."""
    refusal: FeedError | None = None
    addresses = _addresses(order)
    for address in addresses:
        line = _prepared(library, order)
        line.set_number(Option.CONNTIMEO, int(order.wait_s * 1000 / len(addresses)))
        line.connect(address)
        while (state := line.state()) in {State.OPENED, State.CONNECTING}:
            parent.attend(_ATTENTION_S)
        if state is State.CONNECTED:
            return line
        refusal = refused(line.reject_reason())
        line.close()
    assert refusal is not None
    raise refusal


def _answered(library: Library, order: Order, parent: Parent) -> Socket:
    """Wait for the site's call. The listener is closed then, so that a second caller is not let in."""
    calls = 0

    def count() -> None:
        nonlocal calls
        calls += 1

    listener = _prepared(library, order)
    until = time.monotonic() + order.wait_s
    try:
        _listen(listener, order, count)
        while time.monotonic() < until:
            if line := listener.accept():
                return line
            parent.attend(_ATTENTION_S)
    finally:
        listener.close()
    raise nobody_called(order.port, order.wait_s, calls)


def _listen(listener: Socket, order: Order, count: Callable[[], None]) -> None:
    try:
        listener.listen(_addresses(order)[0], count)
    except SrtError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            raise PermanentFeedError(
                "bad-address", f"{order.host} is no address of this machine: a listener needs one, or 0.0.0.0"
            ) from None
        raise PassingFeedError(
            "busy", f"UDP port {order.port} of this machine cannot be listened on: {error}"
        ) from None


# ---------------------------------------------------------------- sending


class Sending:
    """Sound out, progress back, until the end."""

    def __init__(self, line: Socket, order: Order, parent: Parent) -> None:
        self._line = line
        self._order = order
        self._parent = parent
        self._muxer = Muxer(order.media_type)
        self._payloads = Payloads()
        self._ledger = Ledger()
        self._told = (0, 0)
        self._next_report = 0.0

    def run(self) -> None:
        """Send until the orderly end.

        Raises:
            FeedError: the connection is lost.
            Orphaned: nobody is left to send for.
        """
        try:
            while self._turn():
                pass
        except SrtError as error:
            raise PassingFeedError("connection-lost", f"the other side has gone ({error})") from None

    def _turn(self) -> bool:
        """Whether there is more to come."""
        for chunk in self._parent.chunks(_IDLE_S):
            if not chunk:
                self._finish()
                return False
            packets = self._muxer.mux(chunk)
            self._ledger.add(len(chunk), len(packets))
            self._send(self._payloads.add(packets))
        self._look()
        if time.monotonic() >= self._next_report:
            self._report()
        return True

    def _send(self, payloads: list[bytes]) -> None:
        for payload in payloads:
            if not self._line.send(payload):
                raise PassingFeedError("connection-lost", "the other side has stopped taking anything")
        self._ledger.sent(len(payloads))

    def _look(self) -> None:
        """Raise unless the connection stands."""
        if self._line.state() is not State.CONNECTED:
            raise PassingFeedError("connection-lost", "the other side has gone")
        check_secret(self._line, self._order)
        self._ledger.settle(self._line.unacknowledged(), self._line.dropped())

    def _report(self) -> None:
        self._next_report = time.monotonic() + _REPORT_EVERY_S
        if self._told != (told := (self._ledger.accepted, self._ledger.lost)):
            self._told = told
            self._parent.report("progress", accepted=told[0], lost=told[1])

    def _finish(self) -> None:
        """Wait for what is under way, and then for what the receiver holds back: at a goodbye it throws that away."""
        self._send(self._payloads.rest())
        until = time.monotonic() + ACKNOWLEDGED_WITHIN_S
        while self._line.unacknowledged() and time.monotonic() < until:
            self._look()
            self._parent.attend(_ATTENTION_S)
        self._look()
        self._report()
        until = time.monotonic() + self._line.number(Option.PEERLATENCY) / 1000 + _IDLE_S
        while (left := until - time.monotonic()) > 0:
            self._look()
            self._parent.attend(min(left, _IDLE_S))


def main() -> int:
    """Do one order. Returns 0 after an orderly end, 1 otherwise."""
    threading.Thread(target=_end_with_parent, args=(0,), daemon=True).start()
    parent = Parent(0, 1)
    try:
        signal.signal(signal.SIGTERM, _let_go)
        order = parent.order()
        try:
            with connected(order, parent) as line:
                parent.report("connected", encrypted=bool(order.passphrase))
                Sending(line, order, parent).run()
        except FeedError as error:
            parent.report("failed", code=error.code, detail=str(error), permanent=error.permanent)
        except NotFrames as error:
            parent.report("failed", code="source-damaged", detail=str(error), permanent=True)
        except SrtError as error:
            parent.report("failed", code="connection-lost", detail=f"SRT: {error}", permanent=False)
        else:
            parent.report("ended")
            return 0
    except Orphaned:
        pass
    return 1


def _let_go(*_: object) -> None:
    raise Orphaned


def _end_with_parent(source: int) -> None:
    """End this process soon after the pipe has lost its writer, even while the main thread hangs in the library."""
    ends = select.poll()
    ends.register(source, 0)  # asked for nothing, it still tells of the end
    ends.poll()
    time.sleep(_ORPHAN_S)
    os._exit(1)


if __name__ == "__main__":
    # libsrt's own end waits for its threads, and everything is said by now
    os._exit(main())
