"""Mail by the station's SMTP server: the one place that speaks to it."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage

from app.errors import DanpaError
from app.feeds.threads import in_own_thread
from app.settings import Settings

SMTP_STEP_S = 10.0
SMTP_S = 40.0
"""Below the leases of those who send: no other sweep sends the same mail while we are at it."""


class NotMailedError(DanpaError):
    """The mail server did not take a mail; the text holds no addresses."""

    code = "not-mailed"


async def send_mail(message: EmailMessage, settings: Settings) -> None:
    """Send one mail, within a minute. Returning means that the server took it.

    Raises:
        NotMailedError: says why in words without addresses.
    """
    try:
        # Not on the loop's own threads: a name server that does not answer would fill them, and the engine plans on them.
        await in_own_thread(lambda _stop: _hand_over(message, settings), SMTP_S)
    except TimeoutError:
        raise NotMailedError("no answer in time") from None
    except ValueError as error:  # addresses with line breaks and the like
        raise NotMailedError("the addresses or names of this mail cannot be used") from error


def _hand_over(message: EmailMessage, settings: Settings) -> None:
    """Blocking."""
    if not settings.smtp_host:
        raise NotMailedError("no mail server is set: set DANPA_SMTP_HOST")
    try:
        with _connect(settings) as server:
            if settings.smtp_security == "starttls":
                server.starttls(context=ssl.create_default_context())
            if settings.smtp_user and settings.smtp_password:
                server.login(settings.smtp_user, settings.smtp_password.get_secret_value())
            server.send_message(message)
    except smtplib.SMTPResponseException as error:
        raise NotMailedError(f"the mail server answered {error.smtp_code}") from error
    except smtplib.SMTPRecipientsRefused as error:
        raise NotMailedError("the mail server refused the recipients") from error
    except (smtplib.SMTPException, OSError) as error:
        raise NotMailedError(f"the mail server cannot be used ({type(error).__name__})") from error


def _connect(settings: Settings) -> smtplib.SMTP:
    """The name that we greet with is given: smtplib would look up, and tell, our own host's name."""
    host, port, ours = settings.smtp_host or "", settings.smtp_port, "[127.0.0.1]"
    if settings.smtp_security == "tls":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(host, port, ours, timeout=SMTP_STEP_S, context=context)
    return smtplib.SMTP(host, port, ours, timeout=SMTP_STEP_S)
