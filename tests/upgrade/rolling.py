"""A rolling restart: an older timeline and an older heuristic service beside new ones, on the same stores, by hand.

    .venv/bin/python -m tests.upgrade.rolling path/of/old/checkout [--rounds 6]

The older ones are started on their own schema, then `migrate` runs beside them. Acts, chains, runs and a Redis that
loses its memory follow, by turns through both, with the oracle of `tests.races`. Prints how often each was tried and
what contradicted an answer; docs/explanation/consistency.md says what is not promised while both run.
"""

import argparse
import logging
import os
import random
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from demo.embedded import Servers, embedded_servers
from shared.db.migrate import migrate
from tests.flow.deployment import ADMIN_TOKEN, API_KEY, AUTHORS, JWT_KEY, Deployment, author_of, build_world, eventually
from tests.races.pair import run_job
from tests.races.setup import PROCESS, Node, Oracle, RaceSetup, posts_of, started_node
from tests.stores import empty_database

NAMES = ("old", "new")


class Rolling:
    """Both versions on one world, and what was tried."""

    def __init__(self, setup: RaceSetup, older_service: "subprocess.Popen[bytes]") -> None:
        self.setup, self._older_service = setup, older_service
        self.tried: Counter[str] = Counter()
        self.faults: list[str] = []

    def found(self, what: str, faults: list[str], tries: int = 1) -> None:
        self.tried[what] += tries
        self.faults += [f"{what}: {fault}" for fault in faults]

    def run(self, version: int) -> None:
        """A heuristic run of either version; the other one's service stands still meanwhile."""
        if version == 1:
            self._older_service.send_signal(signal.SIGSTOP)
            run_job(self.setup.deployment)
            self._older_service.send_signal(signal.SIGCONT)
            return
        sql = self.setup.deployment.sql
        sql("INSERT INTO warmline.runs (job, requested_by) VALUES ('heuristic', 'rolling')")
        query = "SELECT state, error FROM warmline.runs ORDER BY id DESC LIMIT 1"
        eventually(lambda: sql(query)[0][0] in ("done", "failed"), "the older service has run")
        ((state, error),) = sql(query)
        self.found("runs of the old service", [] if state == "done" else [str(error)])

    def acts(self, posts: list[str], users: list[str]) -> None:
        """Each act through each version, then pages of both."""
        setup = self.setup
        for number, post in enumerate(posts[:6]):
            answer = setup.delete(post, setup.nodes[number % 2])
            faults = [] if answer.is_known else [f"answered {answer.status}"]
            self.found(f"deletes by {NAMES[number % 2]}", faults + setup.check_pages(users[:1]))
        for number, user in enumerate(users[:2]):
            setup.block(user, AUTHORS[number], setup.nodes[number])
            self.found(f"blocks by {NAMES[number]}", setup.check_pages([user]))
            setup.hide(user, posts[8], setup.nodes[1 - number])
            self.found(f"hides by {NAMES[1 - number]}", setup.check_pages([user]))

    def erasures(self, users: list[str]) -> None:
        """An erasure by each version; then the other one is asked for a page as the user."""
        setup = self.setup
        for number, user in enumerate(users):
            cursors = [node.page(user, limit=5)["next_cursor"] for node in setup.nodes]
            setup.erase(user, setup.nodes[number])
            setup.settle()
            self.found(f"erasures by {NAMES[number]}", setup.check_erased([user]))
            setup.nodes[1 - number].page(user, limit=5, cursor=cursors[1 - number])
            what = f"erasures by {NAMES[number]}, then a page by {NAMES[1 - number]}"
            self.found(what, ["written again"] if setup.check_erased([user]) else [])

    def chains(self) -> None:
        """Chains that begin on either and go on by turns; each repeats nothing, a repeated cursor gives its page."""
        for first in (0, 1):
            (user,) = self.setup.new_users(1)
            served: list[str] = []
            cursor, faults = None, list[str]()
            for number in range(first, first + 40):
                node, other = self.setup.nodes[number % 2], self.setup.nodes[1 - number % 2]
                page = node.page(user, limit=15, cursor=cursor)
                if set(posts_of(page)) & set(served):
                    faults.append(f"page {number - first} by {NAMES[number % 2]} repeats")
                if cursor and posts_of(other.page(user, limit=15, cursor=cursor)) != posts_of(page):
                    faults.append(f"page {number - first} is another one by {NAMES[1 - number % 2]}")
                served += posts_of(page)
                cursor = page["next_cursor"]
                if cursor is None:
                    break
            self.found(f"chains begun by {NAMES[first]}", faults)

    def forgotten(self, users: list[str]) -> None:
        """Redis loses its memory; whichever version notices brings back what is withheld."""
        with self.setup.deployment.redis() as client:
            client.flushdb()
            eventually(lambda: bool(client.exists("wl:safety")), "deletions and blocks are back")
        self.found("a Redis that lost its memory", self.setup.check_pages(users))

    def round(self, number: int) -> None:
        posts, users = self.setup.new_posts(12), self.setup.new_users(4)
        self.run(number % 2)
        self.acts(posts, users)
        self.chains()
        self.erasures(users[2:])
        for version in (0, 1):
            self.run(version)
            self.found(f"runs by {NAMES[version]}", self.setup.check_pages(users[:2]))
        self.forgotten(users[:2])
        for version in (number % 2, 1 - number % 2):
            self.run(version)
            faults = self.setup.check_pages(users[:2]) + self.setup.check_removed(posts[:6])
            self.found(f"runs by {NAMES[version]} after that", faults)


@contextmanager
def rolling(servers: Servers, old: Path, folder: Path, *, seed: int) -> Iterator[Rolling]:
    """The older ones on their own schema, `migrate` beside them, then a new timeline."""
    with ExitStack() as stack:
        url = stack.enter_context(empty_database(servers.database_url))
        deployment = Deployment(database_url=url, redis_url=urlsplit(servers.redis_url)._replace(path="/1").geturl())
        _run(old, deployment, "-m", "warmline", "migrate")
        build_world(deployment)
        _run(old, deployment, "-m", "s01_heuristic", "--once")
        older = started_node(stack, servers, deployment, folder / "old", PROCESS, code=old)
        service = stack.enter_context(_service(old, deployment))
        first = older.page("cold", limit=10)
        with deployment.database() as database:
            print("migrated from", *migrate(database), sep=" ", flush=True)  # noqa: T201
        newer = started_node(stack, servers, deployment, folder / "new", PROCESS)
        nodes: tuple[Node, Node] = (older, newer)
        authors = {f"p{number:02}": author_of(f"p{number:02}") for number in range(90)}
        setup = RaceSetup(
            deployment=deployment, nodes=nodes, rng=random.Random(seed), folder=folder, oracle=Oracle(author_of=authors)
        )
        both = Rolling(setup, service)
        second = newer.page("cold", limit=10, cursor=first["next_cursor"])
        repeats = set(posts_of(first)) & set(posts_of(second))
        both.found("a chain that goes on across the migration", [f"repeats {repeats}"] if repeats else [])
        yield both
        setup.pool.shutdown(wait=False, cancel_futures=True)


def _environment(old: Path, deployment: Deployment) -> dict[str, str]:
    return os.environ | {
        "PYTHONPATH": str(old), "WARMLINE_ENV": "dev", "WARMLINE_DATABASE_URL": deployment.database_url,
        "WARMLINE_REDIS_URL": deployment.redis_url, "WARMLINE_LIST_LENGTH": "30", "WARMLINE_EVERYONE_LENGTH": "100",
        "WARMLINE_SEEN_LENGTH": "100", "WARMLINE_NEW_POST_SHARE": "0", "WARMLINE_HEURISTIC_EVERY_MINUTES": "60",
        "WARMLINE_ADMIN_TOKEN": ADMIN_TOKEN, "WARMLINE_API_KEY": API_KEY, "WARMLINE_JWT_KEY": JWT_KEY,
    }  # fmt: skip


def _run(old: Path, deployment: Deployment, *words: str) -> None:
    subprocess.run(
        [sys.executable, *words], env=_environment(old, deployment), cwd=old, check=True, capture_output=True
    )


@contextmanager
def _service(old: Path, deployment: Deployment) -> "Iterator[subprocess.Popen[bytes]]":
    """The older heuristic service, which does the runs that are asked for."""
    command = [sys.executable, "-m", "s01_heuristic"]
    process = subprocess.Popen(command, env=_environment(old, deployment), cwd=old, stderr=subprocess.DEVNULL)
    try:
        alive = "SELECT 1 FROM warmline.heartbeats WHERE service <> 'timeline'"
        eventually(lambda: bool(deployment.sql(alive)), "the older service is alive")
        yield process
    finally:
        process.kill()
        process.wait()


def main() -> int:
    """Run; returns the exit code."""
    parser = argparse.ArgumentParser(prog="tests.upgrade.rolling", description=__doc__)
    parser.add_argument("old", type=Path, help="the older checkout")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    logging.getLogger("warmline").setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="warmline-rolling-") as name:
        folder = Path(name)
        with (
            embedded_servers(folder / "servers", durable=False) as servers,
            rolling(servers, options.old.resolve(), folder, seed=options.seed) as both,
        ):
            for number in range(options.rounds):
                both.round(number)
    for what, count in sorted(both.tried.items()):
        faults = [fault for fault in both.faults if fault.startswith(f"{what}: ")]
        print(f"{what:50} {count:5} tried {len(faults):5} contradicted")  # noqa: T201
        print("".join(f"    {fault}\n" for fault in faults[:3]), end="")  # noqa: T201
    return int(bool(both.faults))


if __name__ == "__main__":
    sys.exit(main())
