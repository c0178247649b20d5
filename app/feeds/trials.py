"""Trying a feed out without leaving anything: a few bytes go the way of a programme and are taken away again."""

from __future__ import annotations

import hashlib

from app.feeds.contract import Facts, FileFeed

TRIAL_NAME = ".danpa-trial"
"""Hidden, without an extension: no automation takes it for a programme."""

TRIAL_BODY = b"A test of this feed by Danpa. It may be deleted.\n"


async def try_out(feed: FileFeed) -> Facts:
    """Send, read back, remove.

    Raises:
        FeedError: what an upload would meet, or what kept us from taking the file away.
    """
    sha256 = hashlib.sha256(TRIAL_BODY).hexdigest()
    receipt = await feed.send(
        TRIAL_BODY, TRIAL_NAME, sha256=sha256, size=len(TRIAL_BODY), media_type="application/octet-stream"
    )
    try:
        seen = await feed.read_back(TRIAL_NAME, sha256=sha256, size=len(TRIAL_BODY))
    finally:
        await feed.remove(TRIAL_NAME)
    return {**receipt.facts, "read_back": seen.verdict, "read_back_how": seen.how, "bytes": len(TRIAL_BODY)}
