"""A report for a funder as one document by itself: figures, charts and how they were measured, to print or to send."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.console.assets import ASSETS
from app.console.messages import Language
from app.console.record.charts import Chart, chart
from app.console.rendering import templates
from app.console.words import Words
from app.record.figures import Figures, Minutes


def document(figures: Figures, station: str, language: Language, made_at: datetime) -> bytes:
    """The whole document. It asks for nothing else: what it looks like is in it, and so it reads alike for ever."""
    style = ASSETS["funder-report.css"].decode()
    page = templates.get_template("record/funder_report.html").render(
        t=Words(language), station=station, made_at=made_at, style=style, **shown(figures, Words(language))
    )
    return page.encode()


def shown(figures: Figures, words: Words) -> dict[str, Any]:
    """What the body of a report is rendered from."""
    return {
        "figures": figures,
        "charts": {
            "sites": _minutes(figures.sites),
            "programmes": _minutes(figures.programmes),
            "months": _minutes(figures.months),
            "merits": chart(
                (words.plain(f"merit.{merit}"), [("delivered", dict(figures.reception.merits).get(merit, 0))])
                for merit in "54321"
            ),
        },
    }


def _minutes(rows: tuple[Minutes, ...]) -> Chart:
    return chart(
        (row.code, [("booked", row.booked), ("delivered", row.delivered), ("confirmed", row.confirmed)])
        for row in rows
    )
