"""`python -m timeline`: serve pages over HTTP."""

import argparse
import gc
import sys
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from shared.printable import write_error
from shared.stopping import STOPPED

if TYPE_CHECKING:
    from socket import socket

KEEP_ALIVE_SECONDS = 30
SHUTDOWN_SECONDS = 10
STARTUP_FAILURE = 3  # as uvicorn has it
YOUNG = 20_000  # objects more than were freed, after which Python looks for circles: some 100 pages, not one


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; gives the exit code."""
    argparse.ArgumentParser(prog="timeline", description=__doc__).parse_args(arguments)
    # Importing makes half a million objects that all stay: looking for garbage among them is a sixth of the start.
    gc.disable()
    try:
        return _serve()
    except KeyboardInterrupt:  # while it imported: later ones are uvicorn's
        write_error("stopped")
        return STOPPED
    finally:
        gc.enable()


def _serve() -> int:
    import uvicorn

    from shared.errors import WarmlineError
    from shared.logs import log_event, start_logging
    from timeline.app import create_app
    from timeline.connection import Connection
    from timeline.listening import address_of, bind
    from timeline.state import read_settings

    class Server(uvicorn.Server):
        """uvicorn's, which says where it listens once it does."""

        async def startup(self, sockets: "list[socket] | None" = None) -> None:
            await super().startup(sockets)
            if self.started and sockets:
                log_event("timeline.listening", address=address_of(sockets))

    start_logging()
    try:
        settings = read_settings()
        sockets = bind(settings.timeline.host, settings.timeline.port)
    except WarmlineError as error:
        for line in error.lines:
            write_error(line)
        return error.exit_code
    app = create_app(settings)
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 50)
    gc.enable()
    config = uvicorn.Config(
        app,
        http=partial(Connection, app),  # type: ignore[arg-type]  # it is called, not subclassed
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # nobody here asks where a request came from
        ws="none",
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
    server = Server(config)
    with suppress(KeyboardInterrupt):
        server.run(sockets)
    return 0 if server.started else STARTUP_FAILURE


if __name__ == "__main__":
    sys.exit(main())
