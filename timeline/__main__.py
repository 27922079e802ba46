"""`python -m timeline`: serve pages over HTTP."""

import argparse
import gc
import sys
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from shared.jobs.stopping import STOPPED
from shared.text.printable import write_error

if TYPE_CHECKING:
    from socket import socket


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; returns the exit code."""
    argparse.ArgumentParser(prog="timeline", description=__doc__).parse_args(arguments)
    # Imports create half a million objects that all stay; garbage collections among them are a sixth of the start.
    gc.disable()
    try:
        return _serve()
    except KeyboardInterrupt:  # during the imports; later the server handles it
        write_error("stopped")
        return STOPPED
    finally:
        gc.enable()


def _serve() -> int:
    from shared.errors import WarmlineError
    from shared.logs import start_logging
    from timeline.app import create_app
    from timeline.http.listening import bind
    from timeline.serving import serve
    from timeline.state import read_settings
    from timeline.worker import Worker
    from timeline.workers import serve_with_others

    start_logging()
    try:
        settings = read_settings()
        sockets = bind(settings.timeline.host, settings.timeline.port)
    except WarmlineError as error:
        for line in error.lines:
            write_error(line)
        return error.exit_code

    def serve_as(worker: Worker, sockets: Sequence["socket"]) -> int:
        return serve(
            create_app(settings, worker), sockets,
            keep_alive=settings.timeline.keep_alive_seconds, beat=worker.beat,
        )  # fmt: skip

    workers = Worker.group(settings.timeline)
    if len(workers) == 1:
        return serve_as(workers[0], sockets)
    return serve_with_others([partial(serve_as, worker) for worker in workers], sockets, workers[0].cells)


if __name__ == "__main__":
    sys.exit(main())
