"""One timeline process: the app, its server, and the signals that end them."""

import asyncio
import gc
import logging
import multiprocessing
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from socket import socket
from typing import TYPE_CHECKING

import uvloop

from shared.logs import log_event
from timeline.http.listening import address_of
from timeline.http.server import HttpServer
from timeline.workers import SIGNALS, STARTUP_FAILURE

if TYPE_CHECKING:
    from timeline.app import TimelineApp

YOUNG = 20_000  # objects more than were freed, after which Python looks for circles: some 100 pages, not one

_log = logging.getLogger(__name__)


def serve(app: "TimelineApp", sockets: Sequence[socket], *, keep_alive: float, beat: Callable[[], None]) -> int:
    """Serve until a signal comes, or the parent of several processes is gone; gives the exit code.

    Args:
        app: answers.
        sockets: that listen.
        keep_alive: seconds that a connection may be idle.
        beat: called every second, as long as the event loop runs.
    """
    gc.freeze()  # all of this stays
    gc.set_threshold(YOUNG, 20, 50)
    gc.enable()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        has_begun = runner.run(_serve(app, sockets, keep_alive=keep_alive, beat=beat))
    return 0 if has_begun else STARTUP_FAILURE


async def _serve(app: "TimelineApp", sockets: Sequence[socket], *, keep_alive: float, beat: Callable[[], None]) -> bool:
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
        server.listen(sockets)
        log_event("timeline.listening", address=address_of(sockets))
        _call_every_second(loop, beat)
        await stopped.wait()
        await server.stop()
    return True


def _call_every_second(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    call()
    loop.call_later(1.0, _call_every_second, loop, call)
