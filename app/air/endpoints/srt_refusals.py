"""Why an SRT connection was not made, in words for the engineer on call."""

from __future__ import annotations

from collections.abc import Mapping

from app.feeds.errors import FeedError, PassingFeedError, PermanentFeedError


def nobody_called(port: int, wait_s: float, calls: int) -> FeedError:
    """Never permanent, whoever called: a stranger with a wrong passphrase must not be able to end the sending."""
    if calls:
        return PassingFeedError(
            "unreachable",
            f"{calls} calls came to UDP port {port} within {wait_s:g} s and none was let in: compare the "
            "passphrases",
        )
    return PassingFeedError(
        "unreachable",
        f"the site has not called UDP port {port} within {wait_s:g} s: is its receiver on, and the "
        "firewall open?",
    )


_UNAUTHORISED = (
    "unauthorised",
    "the other side does not accept the passphrase, or wants one: compare the two sides",
)
# By SRT_REJECT_REASON, and from 1000 on by access_control.h: code, text, and whether a person must act
_REFUSALS: Mapping[int, tuple[str, str, bool]] = {
    5: ("busy", "the other side has no room for one more caller", False),
    8: ("refused", "the other side's SRT is older than 1.3: it cannot be made to encrypt", True),
    10: (*_UNAUTHORISED, True),
    11: (*_UNAUTHORISED, True),
    12: ("refused", "the other side is not set to live mode", True),
    13: ("refused", "the other side is not set to live mode", True),
    14: ("refused", "the other side wants a packet filter", True),
    16: ("unreachable", "nobody answered: is the receiver on, and the UDP port open?", False),
    1400: ("refused", "the other side does not understand the stream id", True),
    1401: ("unauthorised", "the other side does not let this stream id in", True),
    1402: ("busy", "the other side says that it is overloaded", False),
    1403: ("unauthorised", "the other side does not let this stream id in", True),
    1404: ("refused", "the other side does not know the stream id", True),
    1409: ("busy", "somebody else is sending under the stream id", False),
    1423: ("busy", "somebody else is sending under the stream id", False),
}


def refused(reason: int) -> FeedError:
    """What a reason of libsrt or of the other side means to the engineer on call."""
    code, text, is_permanent = _REFUSALS.get(
        reason, ("unreachable", f"the other side ended the call (SRT reason {reason})", False)
    )
    return (PermanentFeedError if is_permanent else PassingFeedError)(code, text)
