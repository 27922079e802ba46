"""The operator's name for the audit."""

import getpass
import socket


def operator_name() -> str:
    """user@machine of the person who runs the command."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # the user of a container may have no name
        user = "operator"
    return f"{user}@{socket.gethostname()}"
