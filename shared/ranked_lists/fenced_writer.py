"""Writes under a fencing number, for one installation: a replaced run is refused, and so is another installation."""

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from datetime import timedelta
from typing import Self, cast

from shared.errors import ForeignInstallation, LeaseLost
from shared.ranked_lists import keys, ownership, scripts
from shared.ranked_lists.clients import connect, redis_errors
from shared.ranked_lists.ownership import OwnershipCheck

Argument = bytes | str | int


class FencedWriter:
    """A job's connection, the run under whose number it writes, and the installation that it writes for."""

    def __init__(self, url: str, *, keep_for: timedelta, timeout: timedelta) -> None:
        self._url = url
        self._redis = connect(url, timeout=timeout)
        self._installation: str | None = None
        self._keep_ms = int(keep_for.total_seconds() * 1000)
        self._scripts = {text: self._redis.register_script(text) for text in scripts.OF_RUNS}
        self._job, self._run = "", ""
        self._refused: list[str] = []  # the owners that were found instead; shared with the copies from `for_run`

    def for_run(self, job: str, run: int) -> Self:
        """A copy for one run: its writes are refused once a newer run has written, or this run was given up."""
        fenced = copy(self)
        fenced._job, fenced._run = job, str(run)
        return fenced

    def refuse_earlier_runs(self) -> None:
        """From now on, refuse writes of earlier runs of the job. This writes to Redis, so that a Redis which refuses
        writes is noticed before the work, not after it.

        Raises:
            LeaseLost: a newer run has done so.
            StoreUnavailable: Redis refuses writes.
        """
        with redis_errors(self._url):
            self.run_fenced(scripts.WRITE_LISTS, [keys.ERASED, keys.LIST_VERSION], [self._keep_ms])

    def newest_fence(self, jobs: Iterable[str]) -> int:
        """The highest fencing number of these jobs that has written here; 0 if there is none."""
        with redis_errors(self._url):
            held = cast(list[bytes | None], self._redis.mget([keys.fence(job) for job in jobs]))
        return max((int(fence) for fence in held if fence is not None), default=0)

    def newest_version(self) -> int:
        """The highest version of a list that was written here; 0 if there is none."""
        with redis_errors(self._url):
            (held,) = cast(list[bytes | None], self._redis.mget([keys.LIST_VERSION]))
        return int(held or 0)

    def belong_to(self, installation: str, check_owner: OwnershipCheck | None = None) -> None:
        """Make sure that this PostgreSQL owns Redis: the post numbers of another one would name other posts.

        Args:
            installation: PostgreSQL's id.
            check_owner: called when there is data but no named owner.

        Raises:
            ForeignInstallation: another installation owns it, or did when last checked; nothing was changed.
        """
        with redis_errors(self._url):
            try:
                # Redis restarted empty: its owner will come back.
                if self._refused and ownership.owner_in(self._redis) is None:
                    raise ownership.foreign_error(self._url, self._refused[-1], installation)
                ownership.claim(self._redis, self._url, installation, check_owner)
            except ForeignInstallation:
                self._refused[:] = [ownership.owner_in(self._redis) or (self._refused or [""])[-1]]
                raise
            self._refused.clear()
            self._redis.persist(keys.INSTALLATION)  # earlier versions let it run out
        self._installation = installation

    def expect(self, installation: str) -> None:
        """From now on, refuse to write to a Redis that names another owner. Does no I/O."""
        self._installation = installation

    def give_up_runs(self, least: Mapping[str, int]) -> None:
        """Refuse writes of runs of these jobs with a fencing number below the given one."""
        if least:
            names = [keys.fence(job) for job in least]
            with redis_errors(self._url):
                self._refuse_foreign()
                self._redis.eval(scripts.RAISE_FENCES, len(names), *names, self._keep_ms, *least.values())

    def close(self) -> None:
        self._redis.close()

    def run_fenced(self, script: str, names: Sequence[str], args: Sequence[Argument]) -> int:
        """Run a script that refuses writes of a replaced run, and of another installation.

        Raises:
            LeaseLost: a newer run has written, or this one was given up; nothing was written.
            ForeignInstallation: another installation owns Redis; nothing was written.
        """
        all_names = [keys.fence(self._job), *names, keys.INSTALLATION]
        ours = self._installation or ""
        answer = int(self._scripts[script](keys=all_names, args=[self._run, self._keep_ms, *args, ours]))
        if answer == scripts.OVERTAKEN:
            raise LeaseLost(
                f"run {self._run} of {self._job}: a newer run is writing, or this one was given up; it stops,"
                " the lists stay as they are"
            )
        if answer == scripts.FOREIGN:
            raise ownership.foreign_error(self._url, ownership.owner_in(self._redis), ours)
        return answer

    def _refuse_foreign(self) -> None:
        ownership.refuse_foreign(self._redis, self._url, self._installation)
