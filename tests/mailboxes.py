"""A real SMTP server that keeps what it takes, for alarms and notices."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP


class Mailbox:
    """What a real SMTP server took."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.greeting = ""
        self.secured: list[bool] = []
        self.answer = "250 taken"
        """What it says to the next mails; it keeps those that it takes."""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if self.answer.startswith("250"):
            self.messages.append(message_from_bytes(envelope.content, policy=policy.default))
        self.greeting = session.host_name
        self.secured.append(session.ssl is not None)
        return self.answer


@contextmanager
def mail_server(tls: ssl.SSLContext | None = None, **options: Any) -> Iterator[tuple[Mailbox, int]]:
    """An SMTP server in a thread of its own on a free port (aiosmtpd's Controller cannot choose one)."""
    mailbox, loop = Mailbox(), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def call(work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result()

    async def stop() -> None:
        server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def serve() -> asyncio.Server:
        return await loop.create_server(lambda: SMTP(mailbox, loop=loop, **options), "127.0.0.1", 0, ssl=tls)

    server = call(serve())
    try:
        yield mailbox, server.sockets[0].getsockname()[1]
    finally:
        call(stop())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
