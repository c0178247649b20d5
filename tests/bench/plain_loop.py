"""A source in twenty lines: the interval signal and programmes, one frame of 24 ms to every mount at a time.

plain_loop.py PORT BEGINS_NS ENDS_NS INTERVAL MOUNT,MOUNT [STARTS_NS:ARTEFACT ...]
"""

from __future__ import annotations

import base64
import contextlib
import socket
import sys
import time
from pathlib import Path

USER, PASSWORD = "source", "correct-horse"  # as in tests.live_sinks, without its imports
FRAME_BYTES, FRAME_NS = 384, 24_000_000


def connect(port: int, mount: str) -> socket.socket:
    line = socket.create_connection(("127.0.0.1", port))
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    secret = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    head = f"SOURCE {mount} HTTP/1.0\r\nAuthorization: Basic {secret}\r\nContent-Type: audio/mpeg\r\n\r\n"
    line.sendall(head.encode())
    line.recv(4096)
    return line


def frames(path: Path) -> list[bytes]:
    data = path.read_bytes()
    return [data[at : at + FRAME_BYTES] for at in range(0, len(data), FRAME_BYTES)]


def main() -> None:
    port, begins, ends = map(int, sys.argv[1:4])
    interval, mounts = frames(Path(sys.argv[4])), sys.argv[5].split(",")
    parts = {}
    for each in sys.argv[6:]:
        instant, _, path = each.partition(":")
        parts[int(instant)] = frames(Path(path))
    lines = [connect(port, mount) for mount in mounts]
    first = min(parts, default=begins)
    # The grid of 24 ms lies on the first programme's start
    tick = first - (first - begins) // FRAME_NS * FRAME_NS
    while tick < ends:
        frame = interval[(tick - begins) // FRAME_NS % len(interval)]
        for starts, programme in parts.items():
            # A programme that starts between two ticks starts at the one before
            number = (tick - starts + FRAME_NS - 1) // FRAME_NS
            if 0 <= number < len(programme):
                frame = programme[number]
        time.sleep(max(0.0, (tick - time.time_ns()) / 1e9))
        for line in lines:
            line.sendall(frame)
        tick += FRAME_NS
    for line in lines:
        line.close()


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        main()
