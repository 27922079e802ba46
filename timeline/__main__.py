"""`python -m timeline`: serve pages over HTTP."""

import argparse
import sys

import uvicorn

from shared.errors import WarmlineError
from shared.logs import start_logging
from timeline.app import create_app
from timeline.state import read_settings

KEEP_ALIVE_SECONDS = 30
SHUTDOWN_SECONDS = 10


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; gives the exit code."""
    argparse.ArgumentParser(prog="timeline", description=__doc__).parse_args(arguments)
    start_logging()
    try:
        settings = read_settings()
    except WarmlineError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    uvicorn.run(
        create_app(settings),
        host=settings.timeline.host,
        port=settings.timeline.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
