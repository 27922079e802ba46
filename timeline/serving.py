"""One timeline process: the app, its server, and the signals that end them."""

import asyncio
import gc
import logging
import multiprocessing
import signal
from collections.abc import Sequence
from contextlib import AsyncExitStack
from socket import socket

import uvloop

from shared.logs import log_event
from timeline.app import TimelineApp, create_app
from timeline.http.listening import address_of
from timeline.http.server import HttpServer
from timeline.state import AllSettings
from timeline.worker import Worker

YOUNG = 20_000  # objects more than were freed, after which Python looks for circles: some 100 pages, not one
SIGNALS = (signal.SIGTERM, signal.SIGINT)
STARTUP_FAILURE = 3  # the exit code of a process that could not begin to serve; another try would end as this one


_log = logging.getLogger(__name__)


def serve_worker(settings: AllSettings, worker: Worker, sockets: Sequence[socket]) -> int:
    """Serve as one of the timeline's processes until a signal comes, or the parent is gone; gives the exit code."""
    app, keep_alive = create_app(settings, worker), settings.timeline.keep_alive_seconds
    gc.freeze()  # all of this stays
    gc.set_threshold(YOUNG, 20, 50)
    gc.enable()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        has_begun = runner.run(_serve(app, sockets, keep_alive=keep_alive))
    return 0 if has_begun else STARTUP_FAILURE


async def _serve(app: "TimelineApp", sockets: Sequence[socket], *, keep_alive: float) -> bool:
    stopped, loop = asyncio.Event(), asyncio.get_running_loop()
    for each in SIGNALS:
        loop.add_signal_handler(each, stopped.set)
    parent = multiprocessing.parent_process()
    if parent is not None:
        loop.add_reader(parent.sentinel, stopped.set)  # nobody would end this one
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
