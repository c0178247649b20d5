"""Whether what was proved of one version still holds although a newer one, which was never proved, has its name."""

from __future__ import annotations

from sqlmodel import Session, col, select

from app.feeds.errors import NOTHING_ARRIVED
from app.handoffs.models import Attempt, Handoff


def perhaps_instead(session: Session, handoff: Handoff) -> int | None:
    """The newest version that may lie under the handoff's name in its place; None where none can.

    A line may break after the site has switched names and before it could be asked: then nobody here knows. Only an
    attempt that ended before its file can have got the name leaves no doubt.
    """
    tried = (
        select(Handoff.version, Attempt.detail, Attempt.receipt)
        .join(Attempt, col(Attempt.handoff_id) == col(Handoff.id))
        .where(
            Handoff.airing_id == handoff.airing_id,
            Handoff.feed_id == handoff.feed_id,
            Handoff.object_name == handoff.object_name,
            Handoff.version > handoff.version,
        )
    )
    doubtful = [
        version
        for version, detail, receipt in session.exec(tried)
        if receipt is not None or (detail or "").partition(":")[0] not in NOTHING_ARRIVED
    ]
    return max(doubtful, default=None)
