"""What can go wrong in the demo, as leaves of Warmline's error tree.

WarmlineError
└── DemoError                   the demo cannot go on; the message says what to do
    ├── BinaryMissing           a server's wheel is not installed, or not for this machine
    ├── PortTaken               a port that was asked for is in use
    ├── DataFolderUnusable      the data folder is of another major version, in use, or not readable
    ├── ServerFailed            a server did not come up; the message quotes the end of its log
    ├── ServiceFailed           a service or a step ended or did not become healthy
    └── WorldMissing            what the world is made of is not there (MovieLens-100K, photos), or it is malformed
"""

from shared.errors import WarmlineError


class DemoError(WarmlineError):
    """The demo cannot go on; the message says what to do."""


class BinaryMissing(DemoError):
    """A server's wheel is not installed, or holds nothing for this machine."""


class PortTaken(DemoError):
    """A port that was asked for is in use."""


class DataFolderUnusable(DemoError):
    """The data folder is of another major version, in use by another launcher, or not readable."""


class ServerFailed(DemoError):
    """An embedded server did not come up; the message quotes the end of its log."""


class ServiceFailed(DemoError):
    """A service or a step ended, or did not become healthy in time."""


class WorldMissing(DemoError):
    """MovieLens-100K, or the photos and their captions, are not there or cannot be read."""
