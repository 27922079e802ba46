"""`make demo`: starts everything on this machine, shows that it works, and stops it all at Ctrl-C."""

import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.text import Text

from demo import example_page, personal, processes, runs_mirror, show
from demo.checks import PHASE1_CHECKS, PHASE2_CHECKS, Check, run_checks
from demo.client import connect
from demo.context import Addresses, DemoContext, ProgressLog
from demo.embedded import Servers, embedded_servers
from demo.errors import DataFolderUnusable
from demo.given_servers import require_given_servers
from demo.options import Options, read_options
from demo.secret_files import Keys, load_keys, write_environment
from demo.services import DEFAULTS, ProcessEnvironment, run_step, running_services, variables
from demo.sources import Source, source_of
from demo.walkthrough import show_first_timelines, switch_to_neucf
from demo.watch import end_on_signals, watch
from demo.world_setup import PreparedWorld, set_up_world
from shared.domain import Phase
from shared.errors import WarmlineError
from shared.text.safe_console import SafeConsole

OF_HOME = ("WARMLINE_MODEL_DIR", "WARMLINE_MEDIA_ROOT", "WARMLINE_SNAPSHOT_FILE")  # files in the demo's folder
LOG_WIDTH = 110  # columns, without a terminal


def main() -> None:
    """Run the demo; the exit code is 0, or 1 if a step or a check failed."""
    console = SafeConsole(highlight=False, width=None if sys.stdout.isatty() else LOG_WIDTH)
    options = read_options(sys.argv[1:], os.environ)
    end_on_signals(with_parent=options.end_with_parent)
    try:
        good = run(options, console)
    except KeyboardInterrupt:
        console.print("\nStopped.")
        good = not options.check
    except WarmlineError as error:
        console.print(Text(f"demo: {error}", style="bold red"), soft_wrap=True)
        sys.exit(error.exit_code)
    sys.exit(0 if good else 1)


def run(options: Options, console: Console) -> bool:
    """Start servers, make world and lists, start services, and show results. Returns whether all checks passed."""
    progress = ProgressLog(console)
    require_given_servers(os.environ)
    source = source_of(options)
    _make_home(options.home)
    keys = load_keys(options.home / "keys.json", os.environ)
    with _servers(options, progress) as servers:
        addresses = _addresses(options, servers)
        process_environment = ProcessEnvironment(environment=_variables(options, addresses, keys), home=options.home)
        prepared = _prepare(source, progress, process_environment, addresses)
        began = time.monotonic()
        with (
            running_services(process_environment, addresses.timeline_url) as running,
            connect(addresses.timeline_url, keys) as client,
        ):
            example_page.start(running, options, addresses, prepared.cast)
            progress.done["services"] = ("ready", time.monotonic() - began)
            _write_demo_env(options, addresses, keys, prepared)
            context = DemoContext(
                progress=progress,
                client=client,
                running=running,
                addresses=addresses,
                cast=prepared.cast,
                source=source,
            )
            if options.phase1:
                client.switch(Phase.HEURISTIC)
            show_first_timelines(context)
            complete = options.phase1 or switch_to_neucf(context)
            _show_addresses(options, context)
            if options.check:
                checks = PHASE1_CHECKS if options.phase1 or not complete else PHASE1_CHECKS | PHASE2_CHECKS
                return _check(context, checks) and complete
            return watch(console, running, servers)


def _make_home(home: Path) -> None:
    try:
        (home / "logs").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataFolderUnusable(f"--home {home}: cannot be made ({error.strerror}); name another folder") from error


@contextmanager
def _servers(options: Options, progress: ProgressLog) -> Iterator[Servers]:
    """Start embedded servers, except those that the user has provided."""
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
        progress.done["servers"] = (
            " and ".join(wanted) + " started" if wanted else "your own",
            time.monotonic() - began,
        )
        yield servers


def _addresses(options: Options, servers: Servers) -> Addresses:
    port = _port(options.port, "timeline")
    feed_port = _port(options.feed_port, "example app")
    reachable = processes.LOOPBACK if options.host == "0.0.0.0" else options.host  # noqa: S104 - compared, not bound
    return Addresses(
        database_url=options.database_url or servers.service_database_url,
        redis_url=options.redis_url or servers.redis_url,
        timeline_url=f"http://{reachable}:{port}",
        feed_url=f"http://{reachable}:{feed_port}",
    )


def _port(wanted: int | None, asked_by: str) -> int:
    return processes.free_port() if wanted is None else processes.require_free(wanted, asked_by)


def _variables(options: Options, addresses: Addresses, keys: Keys) -> dict[str, str]:
    own = {
        "WARMLINE_DATABASE_URL": addresses.database_url,
        "WARMLINE_REDIS_URL": addresses.redis_url,
        "WARMLINE_HOST": options.host,
        "WARMLINE_PORT": addresses.timeline_url.rpartition(":")[2],
        "WARMLINE_TIMELINE_URL": addresses.timeline_url,
        "WARMLINE_ENV": "dev",
        "WARMLINE_JWT_WRITES": "true",  # the example app's page has its user's JWT alone
        "WARMLINE_MODEL_DIR": str(options.home / "models"),
        "WARMLINE_MEDIA_ROOT": str(options.home),
        "WARMLINE_SNAPSHOT_FILE": str(options.home / "snapshot" / "timeline.bin"),
        **runs_mirror.variables(options.home, os.environ),
        **keys.environment,
    }
    return variables(os.environ, own)


def _prepare(
    source: Source, progress: ProgressLog, process_environment: ProcessEnvironment, addresses: Addresses
) -> PreparedWorld:
    """Create tables, world and first lists, which the services need at their start."""
    with progress.step("migrate", "schema warmline", "Making the tables"):
        run_step(process_environment, "migrate", ["-m", "warmline", "migrate"])
    prepared = set_up_world(progress.console, process_environment, addresses.database_url, source)
    progress.done["world"] = (f"{prepared.counts}; {prepared.how}", prepared.seconds)
    personal.wait_for_old_lease(progress.console, addresses.database_url, "heuristic")
    with progress.step("heuristic", "ranked lists published", "Ranking for everyone"):
        run_step(process_environment, "s01_heuristic-once", ["-m", "s01_heuristic", "--once"])
    return prepared


def _write_demo_env(options: Options, addresses: Addresses, keys: Keys, prepared: PreparedWorld) -> None:
    given = _variables(options, addresses, keys)
    write_environment(
        options.home / "demo.env",
        {
            "WARMLINE_DATABASE_URL": addresses.database_url,
            "WARMLINE_REDIS_URL": addresses.redis_url,
            "WARMLINE_TIMELINE_URL": addresses.timeline_url,
            "WARMLINE_FEED_URL": addresses.feed_url,
            **keys.environment,
            **{name: given[name] for name in (*OF_HOME, *DEFAULTS)},
            **runs_mirror.variables(options.home, os.environ),
            "WARMLINE_DEMO_WARM_USER": prepared.cast.warm_user,
            "WARMLINE_DEMO_COLD_USER": prepared.cast.cold_user,
        },
    )


def _show_addresses(options: Options, context: DemoContext) -> None:
    timeline_url = context.addresses.timeline_url
    show.show_addresses(
        context.console,
        {
            "timeline": f"{timeline_url}/timeline/{context.cast.warm_user}",
            "interface": f"{timeline_url}/docs",
            "example app": context.addresses.feed_url,
            **({} if options.phase1 else runs_mirror.how_to_look(options.home, os.environ)),
            "logs": str(options.home / "logs"),
            "second terminal": f"set -a; . {os.path.relpath(options.home / 'demo.env')}; set +a",
        },
    )


def _check(context: DemoContext, checks: Mapping[str, Check]) -> bool:
    context.console.print()
    outcomes = []
    for outcome in run_checks(context, checks):
        show.show_outcome(context.console, outcome)
        outcomes.append(outcome)
    failed = sum(not outcome.good for outcome in outcomes)
    context.console.print(f"{len(outcomes) - failed} of {len(outcomes)} checks passed")
    return failed == 0


if __name__ == "__main__":
    main()
