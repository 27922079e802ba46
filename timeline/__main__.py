"""`python -m timeline`: serve pages over HTTP."""

import argparse
import gc
import sys

from shared.printable import write_error
from shared.stopping import STOPPED

YOUNG = 20_000  # objects more than were freed, after which Python looks for circles: some 100 pages, not one


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; gives the exit code."""
    argparse.ArgumentParser(prog="timeline", description=__doc__).parse_args(arguments)
    # Importing makes half a million objects that all stay: looking for garbage among them is a sixth of the start.
    gc.disable()
    try:
        return _serve()
    except KeyboardInterrupt:  # while it imported: later ones end the server
        write_error("stopped")
        return STOPPED
    finally:
        gc.enable()


def _serve() -> int:
    from shared.errors import WarmlineError
    from shared.logs import start_logging
    from timeline.app import create_app
    from timeline.http.serving import serve
    from timeline.listening import bind
    from timeline.state import read_settings

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
    return serve(app, sockets, keep_alive=settings.timeline.keep_alive_seconds)


if __name__ == "__main__":
    sys.exit(main())
