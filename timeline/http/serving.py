"""One timeline process: the app, its server, and the signals that end them."""

import asyncio
import logging
import signal
from collections.abc import Sequence
from contextlib import AsyncExitStack
from socket import socket

import uvloop

from shared.logs import log_event
from timeline.app import TimelineApp
from timeline.http.server import HttpServer
from timeline.listening import address_of

SIGNALS = (signal.SIGTERM, signal.SIGINT)
STARTUP_FAILURE = 3  # the exit code of a process that could not begin to serve; another try would end as this one


_log = logging.getLogger(__name__)


def serve(app: TimelineApp, sockets: Sequence[socket], *, keep_alive: float) -> int:
    """Serve until a signal comes; gives the exit code."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        has_begun = runner.run(_serve(app, sockets, keep_alive=keep_alive))
    return 0 if has_begun else STARTUP_FAILURE


async def _serve(app: TimelineApp, sockets: Sequence[socket], *, keep_alive: float) -> bool:
    stopped, loop = asyncio.Event(), asyncio.get_running_loop()
    for each in SIGNALS:
        loop.add_signal_handler(each, stopped.set)
    async with AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(app.running())
        except Exception:
            _log.exception("the timeline cannot start")
            return False
        server = HttpServer(app, fast_path=app.fast_path, keep_alive=keep_alive)
        await server.listen(sockets)
        log_event("timeline.listening", address=address_of(sockets))
        await stopped.wait()
        await server.stop()
    return True
