"""How a browser's session is kept safe: headers, the cookie, same-origin and token checks, and a limit on guessing.

A browser sends the session's cookie along with requests that other sites make it send. Three independent things stop
those from writing anything here:

* the cookie is ``SameSite=Lax`` (not Strict: a link to the page in a colleague's message should find them signed in,
  and a GET changes nothing);
* an unsafe request with a cookie must come from our own origin, by ``Sec-Fetch-Site`` or ``Origin``, which scripts
  cannot forge; one that carries neither does not come from a browser that we know;
* it must repeat the session's token, which pages get in a meta tag (and send as ``X-CSRF-Token``). The token is derived
  from the session's secret, so it needs no storage, ends with the session, and is useless in another one.

Requests with ``Authorization: Bearer`` need none of this: no browser adds that header by itself.

The Host header is not checked. A page that rebinds its own name to this server gets no cookie, since cookies belong to
the name, and there is nothing to read without one; behind a proxy the names are the proxy's business.
"""

from __future__ import annotations

import hashlib
import hmac
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from urllib.parse import urlsplit

from fastapi import Request, Response

from app.errors import Forbidden
from app.people.service import SESSION_VALID_FOR, TooManyAttempts
from app.settings import Settings

SESSION_COOKIE = "danpa_session"
CSRF_HEADER = "X-CSRF-Token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    # Not "no-referrer": with it browsers send `Origin: null` with forms, and without TLS they send no Sec-Fetch-Site
    # either, so that the sign-in form of a station on a plain local network would refuse everybody.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""On every answer: nothing is loaded that this server did not send, nothing frames it, no address leaks."""


def set_session_cookie(response: Response, token: str, settings: Settings) -> None:
    """Keep a session in the browser for as long as it is valid."""
    response.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=int(SESSION_VALID_FOR.total_seconds()),
        secure=settings.cookie_secure,
        httponly=True,
        samesite="lax",
    )


def clear_session_cookie(response: Response, settings: Settings) -> None:
    response.delete_cookie(SESSION_COOKIE, secure=settings.cookie_secure, httponly=True, samesite="lax")


def csrf_token(session_token: str) -> str:
    """The token that unsafe requests of this session must repeat."""
    return hmac.new(session_token.encode(), b"danpa csrf", hashlib.sha256).hexdigest()


def check_same_origin(request: Request, settings: Settings) -> None:
    """Refuse an unsafe request that another site made the browser send. Raises Forbidden."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        if site == "same-origin":
            return
        raise Forbidden("this request comes from another site, so it was not carried out")
    origin = urlsplit(request.headers.get("origin", "")).netloc
    ours = {request.headers.get("host"), urlsplit(settings.page_url()).netloc}
    if not origin or origin not in ours:
        raise Forbidden("the browser did not say that this request comes from our own page; reload the page")


def check_csrf(
    request: Request, session_token: str, settings: Settings, form_token: str | None = None
) -> None:
    """Refuse an unsafe request with a cookie that our own page did not send. Raises Forbidden.

    A form without JavaScript sends no header of its own: it has the token in a field.
    """
    check_same_origin(request, settings)
    given = request.headers.get(CSRF_HEADER, "") if form_token is None else form_token
    if not hmac.compare_digest(given.encode(), csrf_token(session_token).encode()):
        raise Forbidden(f"the page's token is missing or old ({CSRF_HEADER}): reload the page and try again")


class FailedSignIns:
    """A token bucket per client address: some failures at once, then one every few seconds.

    256-bit secrets cannot be guessed; this keeps a broken script from filling the log. A right key is never counted nor
    held up: behind a proxy a whole office may have one address, and nobody in it should be able to lock the others out
    for the night. For the same reason nothing is counted by key: what a guess begins with, the guesser chooses.
    """

    BURST = 10
    REFILL_S = 10.0
    ADDRESSES = 10_000
    """The longest-known addresses are forgotten beyond this many."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def failed(self, address: str) -> None:
        """Take one attempt away. Raises TooManyAttempts where the address has none left."""
        with self._lock:
            if self._left(address) < 1:
                raise TooManyAttempts(
                    "too many failed sign-ins from your address: wait a little and try again"
                )
            self._buckets[address] = (self._left(address) - 1, self._seconds())
            self._buckets.move_to_end(address)
            if len(self._buckets) > self.ADDRESSES:
                self._buckets.popitem(last=False)

    def _left(self, address: str) -> float:
        left, at = self._buckets.get(address, (float(self.BURST), self._seconds()))
        return min(float(self.BURST), left + (self._seconds() - at) / self.REFILL_S)
