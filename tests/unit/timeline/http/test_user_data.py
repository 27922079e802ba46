"""How an export is sent: an answer that breaks off has no end, and the export is closed whatever happens."""

import asyncio
import logging
from collections.abc import Generator
from typing import Any

import pytest
from starlette.types import Message

from shared.errors import ExportRefused
from timeline.http.user_data import ExportResponse
from timeline.stores import user_exports
from timeline.stores.user_exports import UserExport
from timeline.stores.worker_threads import WorkerThreads

SCOPE: dict[str, Any] = {"type": "http", "asgi": {"spec_version": "2.3"}}


def pieces_of(trouble: Exception | None, ends: list[str]) -> Generator[bytes, None, None]:
    try:
        yield b"{"
        if trouble is not None:
            raise trouble
        yield b"}"
    finally:
        ends.append("snapshot given up")


def sent_by(trouble: Exception | None = None, *, leaves_after: int = 99) -> tuple[list[Message], list[str]]:
    """What is sent, and what came to an end; the client leaves after so many messages."""
    messages: list[Message] = []
    ends: list[str] = []

    async def send() -> None:
        threads, gone = WorkerThreads("export", threads=1), asyncio.Event()

        async def take(message: Message) -> None:
            messages.append(message)
            if len(messages) >= leaves_after:
                gone.set()
                await asyncio.sleep(60)  # it reads no more

        async def receive() -> Message:
            await gone.wait()
            return {"type": "http.disconnect"}

        export = UserExport(pieces_of(trouble, ends), threads, on_close=lambda: ends.append("room given up"))
        await export.read_first()
        await ExportResponse(export)(SCOPE, receive, take)
        await threads.run(lambda: None)  # after what closes the export
        threads.close()

    asyncio.run(send())
    return messages, ends


def bodies(messages: list[Message]) -> list[tuple[bytes, bool]]:
    return [(message["body"], message["more_body"]) for message in messages[1:]]


ENDS = ["snapshot given up", "room given up"]


def test_a_whole_answer_has_an_end(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        messages, ends = sent_by()
    assert [line.partition(" ")[0] for line in caplog.messages if "timeline" in line] == ["timeline.export"]
    assert bodies(messages) == [(b"{", True), (b"}", True), (b"", False)]
    assert ends == ENDS


def test_an_answer_that_breaks_off_has_none_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    messages, ends = sent_by(ExportRefused("erasure-under-way", "the user is being erased"))
    assert bodies(messages) == [(b"{", True)]
    assert ends == ENDS
    assert [line.partition(" seconds")[0] for line in caplog.messages] == [
        'timeline.export_broken reason="the user is being erased"'
    ]


def test_a_client_that_leaves_ends_the_export(caplog: pytest.LogCaptureFixture) -> None:
    messages, ends = sent_by(leaves_after=2)
    assert len(messages) == 2
    assert ends == ENDS
    assert "timeline.export_broken" in caplog.text


def test_a_client_that_reads_too_slowly_gets_no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(user_exports, "EXPORT_SECONDS", -1.0)
    messages, ends = sent_by()
    assert bodies(messages) == [(b"{", True)]
    assert ends == ENDS
