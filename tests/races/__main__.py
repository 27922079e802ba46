"""`python -m tests.races`: tries race windows thousands of times, with an oracle (`make races`).

Two timeline processes behind proxies, and heuristic runs that stand still at random commands, in two worlds: our own
tables, and a team's views in another database. Exits with 1 if anything contradicted an answer.
"""

import argparse
import logging
import sys
import tempfile
import time
import traceback
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from demo.embedded import embedded_servers
from tests.races.setup import RaceSetup, setup
from tests.races.windows import WINDOWS, Window, WindowResult

SHOWN = 3  # faults of a window that are printed


def main() -> int:
    """Run; returns the exit code."""
    parser = argparse.ArgumentParser(prog="tests.races", description=__doc__)
    parser.add_argument("--seconds", type=float, default=300, help="how long windows are tried")
    parser.add_argument("--tries", type=int, default=0, help="at least so many tries of each window, however long")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of what is chosen at random")
    parser.add_argument("--only", default="", help="windows whose name has this in it")
    options = parser.parse_args()
    chosen = {name: action for name, action in WINDOWS.items() if options.only in name}
    if not chosen:
        parser.error(f"--only {options.only!r}: no window is called so; there are: {', '.join(WINDOWS)}")
    logging.getLogger("warmline").setLevel(logging.CRITICAL)  # processes whose stores hang say so
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="warmline-races-")))
        servers = stack.enter_context(embedded_servers(folder / "servers", durable=False))
        setups = {
            "own tables": stack.enter_context(
                setup(servers, folder / "own", redis_database=1, with_views=False, seed=options.seed)
            ),
            "views": stack.enter_context(
                setup(servers, folder / "views", redis_database=2, with_views=True, seed=options.seed + 1)
            ),
        }
        print(f"seed {options.seed}", flush=True)  # noqa: T201
        return _try(chosen, setups, seconds=options.seconds, tries=options.tries)


def _try(chosen: dict[str, Window], setups: dict[str, RaceSetup], *, seconds: float, tries: int) -> int:
    counts: defaultdict[tuple[str, str], WindowResult] = defaultdict(WindowResult)
    until = time.monotonic() + seconds
    while time.monotonic() < until or min(counts[name, world].tries for name in chosen for world in setups) < tries:
        for name, action in chosen.items():
            for world, each in setups.items():
                found = _once(action, each)
                counts[name, world].tries += found.tries
                counts[name, world].faults += found.faults
        for each in setups.values():
            each.forget_old_posts()
    return _table(chosen, setups, counts)


def _once(action: Window, world: RaceSetup) -> WindowResult:
    try:
        return action(world)
    except Exception as error:  # a window that cannot be tried is as bad as one that is open
        where = traceback.extract_tb(error.__traceback__)[-1]
        told = [
            f"{type(error).__name__}: {error} ({where.name}:{where.lineno})"[:1000],
            *getattr(error, "__notes__", ()),  # hypothesis notes the steps
            *(line for cause in getattr(error, "exceptions", ()) for line in traceback.format_exception(cause)[-4:]),
        ]
        return WindowResult(tries=1, faults=["\n        ".join("\n".join(told).splitlines())])


def _table(
    chosen: Sequence[str] | dict[str, Window], setups: dict[str, RaceSetup], counts: dict[tuple[str, str], WindowResult]
) -> int:
    lines = [f"{'window':48} {'world':11} {'tries':>7} {'violations':>10}"]
    for name in chosen:
        for world in setups:
            tried = counts[name, world]
            lines.append(f"{name:48} {world:11} {tried.tries:7} {len(tried.faults):10}")
            lines += [f"    {fault}" for fault in tried.faults[:SHOWN]]
    all_tries, all_faults = (
        sum(each.tries for each in counts.values()),
        sum(len(each.faults) for each in counts.values()),
    )
    lines.append(f"{'all':60} {all_tries:7} {all_faults:10}")
    pages, blind = sum(each.pages for each in setups.values()), sum(each.blind for each in setups.values())
    refused = sum(len(each.oracle.refused) for each in setups.values())
    lines.append(
        f"{pages} pages were checked; {blind} had no store to ask, and say so; {refused} erasures were refused"
    )
    print("\n".join(lines))  # noqa: T201
    return int(all_faults > 0)


if __name__ == "__main__":
    sys.exit(main())
