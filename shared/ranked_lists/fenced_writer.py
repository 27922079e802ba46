"""Writing under a fencing number, for one installation: whoever was overtaken, or belongs to another, is refused."""

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
    """A connection of a job, the run whose number it writes under, and the installation that it writes for."""

    def __init__(self, url: str, *, keep_for: timedelta, timeout: timedelta) -> None:
        self._url = url
        self._redis = connect(url, timeout=timeout)
        self._installation: str | None = None
        self._keep_ms = int(keep_for.total_seconds() * 1000)
        self._scripts = {text: self._redis.register_script(text) for text in scripts.OF_RUNS}
        self._job, self._run = "", ""
        self._refused: list[str] = []  # whose Redis it was found to be; shared by all that `for_run` gives

    def for_run(self, job: str, run: int) -> Self:
        """The same for a run: whatever it writes is refused once another run was quicker, or gave it up."""
        fenced = copy(self)
        fenced._job, fenced._run = job, str(run)
        return fenced

    def refuse_earlier_runs(self) -> None:
        """From now on refuse what earlier runs of the job may still write. Writes, so that a Redis which takes no
        writes is found out before the work, not after it.

        Raises:
            LeaseLost: a newer run has done so.
            StoreUnavailable: Redis refuses to write.
        """
        with redis_errors(self._url):
            self.run_fenced(scripts.WRITE_LISTS, [keys.ERASED], [])

    def newest_fence(self, jobs: Iterable[str]) -> int:
        """The highest fencing number that wrote here, of runs of these jobs; 0: none that is remembered."""
        with redis_errors(self._url):
            held = cast(list[bytes | None], self._redis.mget([keys.fence(job) for job in jobs]))
        return max((int(fence) for fence in held if fence is not None), default=0)

    def belong_to(self, installation: str, check_owner: OwnershipCheck | None = None) -> None:
        """Make sure that Redis is this PostgreSQL's: another's row numbers would name other posts.

        Args:
            installation: PostgreSQL's id.
            vouch: asked about what is there when no owner is named.

        Raises:
            ForeignInstallation: it is another's, or was when it was last asked; nothing was changed.
        """
        with redis_errors(self._url):
            try:
                if (
                    self._refused and ownership.owner_in(self._redis) is None
                ):  # it restarted empty: its owner comes back
                    raise ownership.foreign_error(self._url, self._refused[-1], installation)
                ownership.claim(self._redis, self._url, installation, check_owner)
            except ForeignInstallation:
                self._refused[:] = [ownership.owner_in(self._redis) or (self._refused or [""])[-1]]
                raise
            self._refused.clear()
            self._redis.persist(keys.INSTALLATION)  # earlier versions let it run out
        self._installation = installation

    def expect(self, installation: str) -> None:
        """From now on refuse to write into a Redis that names another owner. Asks nobody."""
        self._installation = installation

    def give_up_runs(self, least: Mapping[str, int]) -> None:
        """Refuse whatever runs of these jobs may still write whose fencing number is less than this."""
        if least:
            names = [keys.fence(job) for job in least]
            with redis_errors(self._url):
                self._refuse_foreign()
                self._redis.eval(scripts.RAISE_FENCES, len(names), *names, self._keep_ms, *least.values())

    def close(self) -> None:
        self._redis.close()

    def run_fenced(self, script: str, names: Sequence[str], args: Sequence[Argument]) -> int:
        """Run a script that is refused to a run that was overtaken, and to another installation.

        Raises:
            LeaseLost: another run was quicker, or gave this one up; nothing was written.
            ForeignInstallation: Redis is another's; nothing was written.
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
