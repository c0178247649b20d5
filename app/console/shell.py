"""What every page of the console has around it: who reads it, the ways to the other pages, and what needs a person.

A page asks for `SignedInPage`, reads what it shows from the same service functions as the API, and answers with
`Page.answer`. Who is not signed in gets the form, and then the page that they asked for. Pages write nothing: their
scripts send what people do to the API.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import HTMLResponse
from sqlmodel import Session

from app.approving.queue import waiting_count
from app.console.rendering import answer_with, here, words_of
from app.console.tonight.attention import Need, needs
from app.console.words import Words
from app.errors import NotSignedIn
from app.people.service import Actor
from app.settings import Settings
from app.station.service import station
from app.web import security
from app.web.dependencies import CurrentSettings, Now, authenticate

SECTIONS = {
    "tonight": "/",
    "approvals": "/approvals",
    "library": "/library",
    "programmes": "/programmes",
    "frequencies": "/frequencies",
    "sites": "/sites",
    "record": "/record",
    "guide": "/guide",
}
"""The pages' ways, in the order of the navigation; their words are ``nav.<name>``."""


class SignInFirst(Exception):
    """A page was asked for by nobody who is signed in."""


@dataclass(frozen=True, slots=True)
class Calls:
    """What calls for people, on every page: in the navigation's badges."""

    needs: list[Need]
    waiting: int
    """Recordings that wait for approval."""


@dataclass(frozen=True, slots=True)
class Page:
    """One request for a page, by a person who may see it."""

    request: Request
    actor: Actor
    settings: Settings
    now: datetime

    @property
    def words(self) -> Words:
        return words_of(self.request)

    def calls(self, session: Session) -> Calls:
        return Calls(needs(session, self.settings, self.now), waiting_count(session))

    def answer(
        self,
        session: Session,
        template: str,
        *,
        section: str,
        guide: str = "",
        status: int = 200,
        calls: Calls | None = None,
        **values: Any,
    ) -> HTMLResponse:
        """The page. ``section`` is a name of `SECTIONS`, ``guide`` the chapter of the guide that explains this page.

        ``calls`` may be given where the page asked for them itself.
        """
        calls = calls or self.calls(session)
        around: dict[str, Any] = {
            "station": station(session),
            "folder": self.settings.root,
            "actor": self.actor,
            "csrf": security.csrf_token(self.request.cookies.get(security.SESSION_COOKIE, "")),
            "now": self.now,
            "sections": SECTIONS,
            "section": section,
            "guide": guide or section,
            "badges": {"tonight": len(calls.needs), "approvals": calls.waiting},
        }
        return answer_with(self.request, template, status=status, **(around | values))


def _page(request: Request, settings: CurrentSettings, now: Now) -> Page:
    try:
        actor = authenticate(request)
    except NotSignedIn:
        raise SignInFirst from None
    return Page(request, actor, settings, now)


SignedInPage = Annotated[Page, Depends(_page)]


def sign_in_form(
    request: Request, wrong: str | None = None, status: int = 200, *, then: str | None = None
) -> HTMLResponse:
    """``then`` is the address, one of ours, that it leads to; where it is not given, the one that was asked for."""
    return answer_with(
        request,
        "entrance/sign_in.html",
        status=status,
        wrong=wrong,
        then=here(request) if then is None else then,
    )


def install(app: FastAPI) -> None:
    """Answer `SignInFirst` with the form."""

    async def ask(request: Request, _: Exception) -> Response:
        return sign_in_form(request)

    app.add_exception_handler(SignInFirst, ask)
