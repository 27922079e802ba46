"""`python -m shared.jobs.healthcheck SERVICE`: checks whether the service in this container is alive; exit code 0
or 1.

The timeline is asked over HTTP; a job is alive if its heartbeat in PostgreSQL, under this container's host name, is
recent. Imports are inside the functions, because this runs every few seconds.
"""

import os
import socket
import sys
import urllib.request
from typing import TYPE_CHECKING

from shared.text.printable import write_error

if TYPE_CHECKING:
    from shared.db.engine import Database

TIMELINE = "timeline"
TIMEOUT_SECONDS = 4


def timeline_answers(port: int) -> bool:
    """Whether /healthz answers 200 on this host; a proxy in the environment is not used."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://127.0.0.1:{port}/healthz", timeout=TIMEOUT_SECONDS) as answer:
            return bool(answer.status == 200)
    except OSError:  # URLError and HTTPError are OSErrors
        return False


def job_beats(database: "Database", service: str, *, host: str) -> bool:
    """Whether a worker of this service on this host sent a heartbeat recently.

    Raises:
        StoreUnavailable: PostgreSQL does not answer.
    """
    from shared.db.runs import live_services

    alive = live_services(database)
    return any(row["service"] == service and row["worker"].startswith(f"{host}:") for row in alive)


def main(arguments: list[str]) -> int:
    """Check one service; returns the exit code: 0 alive, 1 not alive or unknown, 2 wrong usage."""
    if len(arguments) != 1:
        write_error("got no service, expected: python -m shared.jobs.healthcheck SERVICE")
        return 2
    service = arguments[0]
    if service == TIMELINE:
        port = os.environ.get("WARMLINE_PORT") or "8000"
        if not port.isdecimal():
            write_error("WARMLINE_PORT: got what is no number, expected the timeline's port")
            return 2
        return int(not timeline_answers(int(port)))

    from shared.db.engine import Database
    from shared.errors import WarmlineError
    from shared.settings import StoreSettings, load_settings

    try:
        database = Database(load_settings(StoreSettings), statement_seconds=TIMEOUT_SECONDS)
        return int(not job_beats(database, service, host=socket.gethostname()))
    except WarmlineError as error:
        write_error(str(error))  # `docker inspect` shows it
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
