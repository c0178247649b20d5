"""From an address to the driver that reaches it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from app.air.endpoints.contract import LiveAddress, LiveEndpoint
from app.air.endpoints.icecast import IcecastEndpoint
from app.air.endpoints.srt import SrtEndpoint

LIVE: Mapping[str, Callable[[LiveAddress], LiveEndpoint]] = {
    "icecast": IcecastEndpoint,
    "srt": SrtEndpoint,
}
"""Every live protocol, and the driver that speaks it."""


def open_endpoint(address: LiveAddress) -> LiveEndpoint:
    """One connection, not made yet."""
    return LIVE[address.protocol](address)
