"""From an address to the driver that reaches it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from app.air.endpoints.contract import LiveAddress, LiveEndpoint
from app.air.endpoints.icecast import IcecastEndpoint

LIVE: Mapping[str, Callable[[LiveAddress], LiveEndpoint]] = {"icecast": IcecastEndpoint}
"""Every live protocol, and the driver that speaks it."""


def open_endpoint(address: LiveAddress) -> LiveEndpoint:
    """One connection, not made yet."""
    return LIVE[address.protocol](address)
