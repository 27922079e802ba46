"""Exports of single users' data for the app's backend, a few at a time, each in pieces.

They have a thread and connections of their own, so that a long history, or a client that reads slowly, delays no page,
no write and no act. An export holds a snapshot of PostgreSQL while it is read, so its time is limited.
"""

import time
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import BoundedSemaphore

from shared.db.engine import Database
from shared.db.user_data import note_export
from shared.errors import StoreUnavailable
from shared.operations.user_export import ExportStores, export_user
from shared.settings import StoreSettings
from timeline.stores.worker_threads import WorkerThreads

MOST_EXPORTS = 2  # at once in one process; each has two connections to PostgreSQL, and one to the team's
EXPORT_SECONDS = 300.0  # a snapshot that is held longer keeps PostgreSQL from cleaning up its tables
STATEMENT_SECONDS = 10.0


class TooManyExports(Exception):
    """As many exports as this process makes at once are being read."""


class UserExports:
    """Begins exports."""

    def __init__(self, settings: StoreSettings, *, redis_timeout: timedelta, model_dir: Path) -> None:
        self._database = Database(settings, statement_seconds=STATEMENT_SECONDS, pool_size=MOST_EXPORTS)
        self._stores = ExportStores(
            database=self._database,
            redis_url=settings.redis_url.get_secret_value(),
            redis_timeout=redis_timeout,
            model_dir=model_dir,
        )
        self.threads = WorkerThreads("export", threads=1)  # one, so that an export is never in two threads
        self._room = BoundedSemaphore(MOST_EXPORTS)

    async def begin(self, user_id: str, *, audited_as: str | None) -> "UserExport":
        """An export whose checks have passed; close it.

        Args:
            user_id: whose data.
            audited_as: who receives them; None: nobody does, and nothing is recorded.

        Raises:
            TooManyExports: try again later.
            ExportRefused: nothing is held about the user, or they are erased or being erased.
            StoreUnavailable, SourceError: a store does not answer.
        """
        if not self._room.acquire(blocking=False):
            raise TooManyExports
        pieces = export_user(self._stores, user_id, now=datetime.now(UTC))
        export = UserExport(pieces, self.threads, on_close=self._room.release)
        try:
            await export.read_first()
            if audited_as is not None:
                await self.threads.run(partial(note_export, self._database, by=audited_as))
        except BaseException:
            export.close()
            raise
        return export

    def close(self) -> None:
        """Close the connections that no export holds."""
        self._database.close()


class UserExport:
    """One export that is being read."""

    def __init__(
        self, pieces: Generator[bytes, None, None], threads: WorkerThreads, *, on_close: Callable[[], None]
    ) -> None:
        self._pieces, self._threads, self._on_close = pieces, threads, on_close
        self._first: bytes | None = None
        self.is_whole = False  # all pieces have been taken
        self._until = time.monotonic() + EXPORT_SECONDS

    async def read_first(self) -> None:
        """Read the first piece, for which everything is checked."""
        self._first = await self._next()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The pieces.

        Raises:
            ExportRefused: the user was erased meanwhile.
            StoreUnavailable, SourceError: a store does not answer any more, or the client reads too slowly.
        """
        piece = self._first
        while piece is not None:
            yield piece
            if time.monotonic() > self._until:
                raise StoreUnavailable(f"an export took over {EXPORT_SECONDS:.0f} s; `warmline export` may take longer")
            piece = await self._next()
        self.is_whole = True

    def close(self) -> None:
        """Give up the snapshot, after the piece that is being read; nothing waits for it."""
        with suppress(RuntimeError):  # the process ends
            self._threads.submit(self._finish)

    async def _next(self) -> bytes | None:
        return await self._threads.run(partial(next, self._pieces, None))

    def _finish(self) -> None:
        try:
            self._pieces.close()
        finally:
            self._on_close()
