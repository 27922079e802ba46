"""`python -m tests.load`: a timeline under load while everything changes; each answer is checked. `make load` runs it.

Readers in this process ask at a fixed rate while another process publishes the lists of both phases every 3 seconds,
20 blocks, deletes and takedowns a second go through the API, and the phase is switched. Exits with 1 on an error or a
violation of promise 2, 3, 4 or 8.
"""

import argparse
import random
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from demo.embedded import embedded_servers
from shared.db.engine import Database
from shared.db.migrate import migrate
from shared.domain import Phase
from shared.settings import StoreSettings
from tests.faults.scenario import ROOT, Scenario
from tests.flow.deployment import Deployment
from tests.load.world import AUTHORS, POSTS, USERS, authors_of_posts, build, clusters_of_posts
from tests.stores import empty_database
from tests.traffic import Findings, Truth, traffic

READERS = 12
CHANGES_PER_SECOND = 20
SWITCH_SECONDS = 7.0
BIG = {"list_length": 200, "everyone_length": 1000, "seen_length": 1500}


def main() -> int:
    """Run; returns the exit code."""
    parser = argparse.ArgumentParser(prog="tests.load", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="how long the readers read")
    parser.add_argument("--rate", type=float, default=330, help="requests a second that they ask for")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="warmline-load-") as folder,
        embedded_servers(Path(folder) / "servers", durable=False) as servers,
        empty_database(servers.database_url) as url,
    ):
        database = Database(StoreSettings(database_url=url, redis_url="redis://localhost"))
        migrate(database)
        database.close()
        build(url)
        scenario = Scenario(
            servers=servers, deployment=Deployment(database_url=url, redis_url=servers.redis_url), folder=Path(folder)
        )
        return _measure(scenario, seconds=options.seconds, rate=options.rate)


def _measure(scenario: Scenario, *, seconds: float, rate: float) -> int:
    publisher = subprocess.Popen(
        [
            sys.executable, "-m", "tests.load.publishing",
            scenario.deployment.database_url, scenario.deployment.redis_url,
        ],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert publisher.stdout is not None
        publisher.stdout.readline()  # the first publication
        with scenario.timeline(**BIG):
            scenario.until_ready()
            truth = Truth(author_of=authors_of_posts(), cluster_of=clusters_of_posts(), is_vast=True)
            stopped = threading.Event()
            with traffic(
                scenario.port, USERS, truth, readers=READERS, limit=20, pause=READERS / rate, pages=8
            ) as found:
                changer = threading.Thread(target=_change, args=(scenario, truth, found, stopped), daemon=True)
                changer.start()
                time.sleep(seconds)
            stopped.set()
            changer.join(15)
            metrics = urllib.request.urlopen(f"http://127.0.0.1:{scenario.port}/metrics").read().decode()
    finally:
        publisher.kill()
        publications = len((publisher.communicate()[0] or "").splitlines()) + 1
    asked = len(found.seconds)
    print(f"{found}\n{asked / seconds:.0f} requests/s, {publications} publications, {len(truth.deleted)} taken away,")  # noqa: T201
    print(f"{len(truth.blocked)} blocks; {_line(metrics, 'warmline_new_post_slots_filled_total')}")  # noqa: T201
    for violation in found.violations[:10]:
        print(violation)  # noqa: T201
    return int(bool(found.violations) or asked / seconds < 300)


def _change(scenario: Scenario, truth: Truth, findings: Findings, stopped: threading.Event) -> None:
    """Blocks, and deletes or takedowns, by turns, on record once they are accepted; a phase switch now and then."""
    rng, begun, number = random.Random(3), time.monotonic(), 0
    switched = 0
    while not stopped.is_set():
        if number % 2:
            post = rng.choice(POSTS)
            hides = rng.random() < 0.5 and post not in truth.deleted and post not in truth.under_way
            act = ("PUT", f"/posts/{post}/hidden") if hides else ("DELETE", f"/posts/{post}")
            with _under_way(truth, post) as pending:
                if _is_known(scenario, findings, *act, pending):
                    truth.deleted.setdefault(post, time.monotonic())
        else:
            user, author = rng.choice(USERS), rng.choice(AUTHORS)
            with _under_way(truth, author) as pending:
                if _is_known(scenario, findings, "PUT", f"/users/{user}/blocks/{author}", pending):
                    truth.blocked.setdefault((user, author), time.monotonic())
        number += 1
        if time.monotonic() - begun > SWITCH_SECONDS * (switched + 1):
            switched += 1
            scenario.switch(Phase.NEUCF if switched % 2 else Phase.HEURISTIC, percent=50 if switched % 4 == 1 else 100)
        time.sleep(max(0.0, begun + number / CHANGES_PER_SECOND - time.monotonic()))


@contextmanager
def _under_way(truth: Truth, what: str) -> Iterator[threading.Event]:
    """While the block runs, or for good if the event is set, nobody can tell whether the change holds already."""
    truth.under_way |= {what}
    pending = threading.Event()
    yield pending
    if not pending.is_set():
        truth.under_way -= {what}


def _is_known(scenario: Scenario, findings: Findings, method: str, path: str, pending: threading.Event) -> bool:
    """Whether every page obeys from now on; a 202 is durable, and Redis was too slow to be told."""
    status = scenario.write(method, path)
    if status == 202:
        pending.set()
    elif status != 204:
        findings.violations.append(f"{method} {path}: status {status}")
    return status == 204


def _line(metrics: str, name: str) -> str:
    return next((line for line in metrics.splitlines() if line.startswith(name)), f"{name} 0")


if __name__ == "__main__":
    sys.exit(main())
