"""Starts the example app (`examples/feed`) beside the services."""

from demo.context import Addresses
from demo.options import Options
from demo.services import EXAMPLE_APP, Running, wait_for_example_app
from demo.world import DemoUsers


def start(running: Running, options: Options, addresses: Addresses, cast: DemoUsers) -> None:
    """Start its backend, which serves the built page, and wait until it answers.

    Raises:
        ServiceFailed: it does not.
    """
    users = {
        "An active user": cast.warm_user,
        "Another active user": cast.spare_warm_user,
        "Somebody who has just joined": cast.cold_user,
        "An unknown user": cast.unknown_user,
    }
    port = addresses.feed_url.rpartition(":")[2]
    arguments = ["--host", options.host, "--port", port]
    for label, user_id in users.items():
        arguments += ["--user", f"{user_id}={label}"]
    running.start([EXAMPLE_APP], arguments)
    wait_for_example_app(running, addresses.feed_url)
