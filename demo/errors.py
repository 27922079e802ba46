"""The demo's errors, as part of Warmline's error tree.

WarmlineError
└── DemoError                   the demo cannot go on; the message says what to do
    ├── BinaryMissing           a server's wheel is not installed, or not for this machine
    ├── PortTaken               a requested port is in use
    ├── DataFolderUnusable      the data folder has another major version, is in use, or is not readable
    ├── ServerFailed            a server did not start; the message quotes the end of its log
    ├── ServiceFailed           a service or a step ended or did not become healthy
    └── WorldMissing            the data of the world (MovieLens-100K, photos) is missing or malformed
"""

from shared.errors import WarmlineError


class DemoError(WarmlineError):
    """The demo cannot go on; the message says what to do."""


class BinaryMissing(DemoError):
    """A server's wheel is not installed, or holds nothing for this machine."""


class PortTaken(DemoError):
    """A requested port is in use."""


class DataFolderUnusable(DemoError):
    """The data folder has another major version, is in use by another launcher, or is not readable."""


class ServerFailed(DemoError):
    """An embedded server did not start; the message quotes the end of its log."""


class ServiceFailed(DemoError):
    """A service or a step ended, or did not become healthy in time."""


class WorldMissing(DemoError):
    """MovieLens-100K, or the photos and their captions, are missing or cannot be read."""
