"""`make demo`: starts everything on this machine, shows that it works, and ends it all with Ctrl-C."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field

from rich.console import Console
from rich.text import Text

from demo import database, processes, show
from demo.checks import Stage, run_checks
from demo.client import Client, connect
from demo.embedded import Servers, embedded_servers
from demo.options import Options, read_options
from demo.secret_files import Keys, load_keys, write_environment
from demo.services import Surroundings, run_step, running_services, variables
from demo.staging import Staged, stage_world
from demo.watch import end_on_signals, watch
from shared.errors import WarmlineError

SHOWN_POSTS = 6
LOG_WIDTH = 110  # columns, where there is no terminal to ask


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where everything is. The first two carry passwords."""

    database_url: str
    redis_url: str
    timeline_url: str


@dataclass(slots=True)
class Diary:
    """What was done so far, for the summary."""

    console: Console
    began: float = field(default_factory=time.monotonic)
    done: dict[str, tuple[str, float]] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str, result: str, doing: str | None = None) -> Iterator[None]:
        """Time a step, with a spinner that says `doing`."""
        began = time.monotonic()
        with nullcontext() if doing is None else self.console.status(doing):
            yield
        self.done[name] = (result, time.monotonic() - began)


def main() -> None:
    """Run the demo; the exit code is 0, or 1 when a step or a check failed."""
    console = Console(highlight=False, width=None if sys.stdout.isatty() else LOG_WIDTH)
    options = read_options(sys.argv[1:], os.environ)
    end_on_signals(with_parent=options.end_with_parent)
    try:
        good = run(options, console)
    except KeyboardInterrupt:
        console.print("\nStopped.")
        good = True
    except WarmlineError as error:
        console.print(Text(f"demo: {error}", style="bold red"), soft_wrap=True)
        sys.exit(error.exit_code)
    sys.exit(0 if good else 1)


def run(options: Options, console: Console) -> bool:
    """Servers, world, lists, services, then what one sees of them. Whether all checks were good."""
    diary = Diary(console)
    (options.home / "logs").mkdir(parents=True, exist_ok=True)
    keys = load_keys(options.home / "keys.json", os.environ)
    with _servers(options, diary) as servers:
        addresses = _addresses(options, servers)
        surroundings = Surroundings(environment=_variables(options, addresses, keys), home=options.home)
        staged = _prepare(options, diary, surroundings, addresses)
        began = time.monotonic()
        with (
            running_services(surroundings, addresses.timeline_url) as running,
            connect(addresses.timeline_url, keys) as client,
        ):
            diary.done["services"] = ("ready", time.monotonic() - began)
            _write_demo_env(options, addresses, keys, staged)
            _show(options, diary, client, addresses, staged)
            if options.check:
                return _check(console, Stage(client=client, cast=staged.cast, database_url=addresses.database_url))
            return watch(console, running, servers)


@contextmanager
def _servers(options: Options, diary: Diary) -> Iterator[Servers]:
    """The embedded servers, those that the user has not brought."""
    wanted = [name for name, url in (("PostgreSQL", options.database_url), ("Valkey", options.redis_url)) if not url]
    began = time.monotonic()
    with embedded_servers(
        options.home / "servers",
        postgres_port=options.postgres_port,
        redis_port=options.redis_port,
        durable=True,
        postgres=options.database_url is None,
        redis=options.redis_url is None,
    ) as servers:
        diary.done["servers"] = (" and ".join(wanted) + " started" if wanted else "your own", time.monotonic() - began)
        yield servers


def _addresses(options: Options, servers: Servers) -> Addresses:
    port = processes.free_port() if options.port is None else processes.require_free(options.port, "timeline")
    reachable = processes.LOOPBACK if options.host == "0.0.0.0" else options.host  # noqa: S104 - compared, not bound
    return Addresses(
        database_url=options.database_url or servers.database_url,
        redis_url=options.redis_url or servers.redis_url,
        timeline_url=f"http://{reachable}:{port}",
    )


def _variables(options: Options, addresses: Addresses, keys: Keys) -> dict[str, str]:
    own = {
        "WARMLINE_DATABASE_URL": addresses.database_url,
        "WARMLINE_REDIS_URL": addresses.redis_url,
        "WARMLINE_HOST": options.host,
        "WARMLINE_PORT": addresses.timeline_url.rpartition(":")[2],
        "WARMLINE_ENV": "dev",
        **keys.environment,
    }
    return variables(os.environ, own)


def _prepare(options: Options, diary: Diary, surroundings: Surroundings, addresses: Addresses) -> Staged:
    """Tables, world and first lists: what must be there before the services start."""
    with diary.step("migrate", "schema warmline", "Making the tables"):
        run_step(surroundings, "migrate", ["-m", "warmline", "migrate"])
    staged = stage_world(diary.console, surroundings, addresses.database_url, options.data)
    diary.done["world"] = (f"{staged.counts}; {staged.how}", staged.seconds)
    with diary.step("heuristic", "ranked lists published", "Ranking for everyone"):
        run_step(surroundings, "s01_heuristic-once", ["-m", "s01_heuristic", "--once"])
    return staged


def _write_demo_env(options: Options, addresses: Addresses, keys: Keys, staged: Staged) -> None:
    write_environment(
        options.home / "demo.env",
        {
            "WARMLINE_DATABASE_URL": addresses.database_url,
            "WARMLINE_REDIS_URL": addresses.redis_url,
            "WARMLINE_TIMELINE_URL": addresses.timeline_url,
            **keys.environment,
            "WARMLINE_DEMO_WARM_USER": staged.cast.warm_user,
            "WARMLINE_DEMO_COLD_USER": staged.cast.cold_user,
        },
    )


def _show(options: Options, diary: Diary, client: Client, addresses: Addresses, staged: Staged) -> None:
    users = {
        "An active user": staged.cast.warm_user,
        "A cold user, who joined minutes ago": staged.cast.cold_user,
        "An unknown user": staged.cast.unknown_user,
    }
    pages = {title: client.page(user_id, limit=SHOWN_POSTS) for title, user_id in users.items()}
    diary.done["first timelines"] = ("counted from the start of the demo", time.monotonic() - diary.began)
    show.show_done(diary.console, diary.done)
    for title, page in pages.items():
        captions = database.captions_of(addresses.database_url, [entry.post_id for entry in page.posts])
        show.show_timeline(diary.console, title, users[title], page, captions)
    show.show_addresses(
        diary.console,
        {
            "timeline": f"{addresses.timeline_url}/timeline/{staged.cast.warm_user}",
            "interface": f"{addresses.timeline_url}/docs",
            "logs": str(options.home / "logs"),
            "second terminal": f"set -a; . {os.path.relpath(options.home / 'demo.env')}; set +a",
        },
    )


def _check(console: Console, stage: Stage) -> bool:
    console.print()
    outcomes = []
    for outcome in run_checks(stage):
        show.show_outcome(console, outcome)
        outcomes.append(outcome)
    failed = sum(not outcome.good for outcome in outcomes)
    console.print(f"{len(outcomes) - failed} of {len(outcomes)} checks passed")
    return failed == 0


if __name__ == "__main__":
    main()
