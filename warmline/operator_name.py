"""Who types, for the audit."""

import getpass
import socket


def operator_name() -> str:
    """user@machine of whoever runs the command."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user need not have a name
        user = "operator"
    return f"{user}@{socket.gethostname()}"
