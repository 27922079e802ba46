"""`python -m demo.feed`: serves the example app and its backend until it is ended."""

import os
import sys

import uvicorn

from demo.feed.app import create_app
from demo.feed.settings import read_settings
from shared.errors import WarmlineError


def main() -> None:
    """Serve; the exit code is 2 if a variable is missing."""
    try:
        settings = read_settings(sys.argv[1:], os.environ)
    except WarmlineError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_code)
    uvicorn.run(create_app(settings), host=settings.host, port=settings.port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
