"""`make demo`: starts everything on this machine, shows that it works, and ends it all with Ctrl-C."""

import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.text import Text

from demo import personal, processes, runs_mirror, show
from demo.acts import become_personal, show_first_timelines
from demo.checks import PHASE1_CHECKS, PHASE2_CHECKS, Check, run_checks
from demo.client import connect
from demo.embedded import Servers, embedded_servers
from demo.errors import DataFolderUnusable
from demo.options import Options, read_options
from demo.secret_files import Keys, load_keys, write_environment
from demo.services import DEFAULTS, ProcessEnvironment, run_step, running_services, variables
from demo.sources import Source, source_of
from demo.stage import Addresses, DemoContext, ProgressLog
from demo.staging import PreparedWorld, stage_world
from demo.watch import end_on_signals, watch
from shared.domain import Phase
from shared.errors import WarmlineError
from shared.text.safe_console import SafeConsole

OF_HOME = ("WARMLINE_MODEL_DIR", "WARMLINE_MEDIA_ROOT", "WARMLINE_SNAPSHOT_FILE")  # what lies in the demo's folder
LOG_WIDTH = 110  # columns, where there is no terminal to ask


def main() -> None:
    """Run the demo; the exit code is 0, or 1 when a step or a check failed."""
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
    """Servers, world, lists, services, then what one sees of them. Whether all checks were good."""
    diary = ProgressLog(console)
    source = source_of(options)
    _make_home(options.home)
    keys = load_keys(options.home / "keys.json", os.environ)
    with _servers(options, diary) as servers:
        addresses = _addresses(options, servers)
        surroundings = ProcessEnvironment(environment=_variables(options, addresses, keys), home=options.home)
        staged = _prepare(source, diary, surroundings, addresses)
        began = time.monotonic()
        with (
            running_services(surroundings, addresses.timeline_url) as running,
            connect(addresses.timeline_url, keys) as client,
        ):
            diary.done["services"] = ("ready", time.monotonic() - began)
            _write_demo_env(options, addresses, keys, staged)
            stage = DemoContext(
                diary=diary, client=client, running=running, addresses=addresses, cast=staged.cast, source=source
            )
            if options.phase1:
                client.switch(Phase.HEURISTIC)
            show_first_timelines(stage)
            complete = options.phase1 or become_personal(stage)
            _show_addresses(options, stage)
            if options.check:
                checks = PHASE1_CHECKS if options.phase1 or not complete else PHASE1_CHECKS | PHASE2_CHECKS
                return _check(stage, checks) and complete
            return watch(console, running, servers)


def _make_home(home: Path) -> None:
    try:
        (home / "logs").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataFolderUnusable(f"--home {home}: cannot be made ({error.strerror}); name another folder") from error


@contextmanager
def _servers(options: Options, diary: ProgressLog) -> Iterator[Servers]:
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
        database_url=options.database_url or servers.service_database_url,
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
        "WARMLINE_MODEL_DIR": str(options.home / "models"),
        "WARMLINE_MEDIA_ROOT": str(options.home),
        "WARMLINE_SNAPSHOT_FILE": str(options.home / "snapshot" / "timeline.bin"),
        **runs_mirror.variables(options.home, os.environ),
        **keys.environment,
    }
    return variables(os.environ, own)


def _prepare(
    source: Source, diary: ProgressLog, surroundings: ProcessEnvironment, addresses: Addresses
) -> PreparedWorld:
    """Tables, world and first lists: what must be there before the services start."""
    with diary.step("migrate", "schema warmline", "Making the tables"):
        run_step(surroundings, "migrate", ["-m", "warmline", "migrate"])
    staged = stage_world(diary.console, surroundings, addresses.database_url, source)
    diary.done["world"] = (f"{staged.counts}; {staged.how}", staged.seconds)
    personal.outlast_lease(diary.console, addresses.database_url, "heuristic")
    with diary.step("heuristic", "ranked lists published", "Ranking for everyone"):
        run_step(surroundings, "s01_heuristic-once", ["-m", "s01_heuristic", "--once"])
    return staged


def _write_demo_env(options: Options, addresses: Addresses, keys: Keys, staged: PreparedWorld) -> None:
    given = _variables(options, addresses, keys)
    write_environment(
        options.home / "demo.env",
        {
            "WARMLINE_DATABASE_URL": addresses.database_url,
            "WARMLINE_REDIS_URL": addresses.redis_url,
            "WARMLINE_TIMELINE_URL": addresses.timeline_url,
            **keys.environment,
            **{name: given[name] for name in (*OF_HOME, *DEFAULTS)},
            **runs_mirror.variables(options.home, os.environ),
            "WARMLINE_DEMO_WARM_USER": staged.cast.warm_user,
            "WARMLINE_DEMO_COLD_USER": staged.cast.cold_user,
        },
    )


def _show_addresses(options: Options, stage: DemoContext) -> None:
    timeline_url = stage.addresses.timeline_url
    show.show_addresses(
        stage.console,
        {
            "timeline": f"{timeline_url}/timeline/{stage.cast.warm_user}",
            "interface": f"{timeline_url}/docs",
            **({} if options.phase1 else runs_mirror.how_to_look(options.home, os.environ)),
            "logs": str(options.home / "logs"),
            "second terminal": f"set -a; . {os.path.relpath(options.home / 'demo.env')}; set +a",
        },
    )


def _check(stage: DemoContext, checks: Mapping[str, Check]) -> bool:
    stage.console.print()
    outcomes = []
    for outcome in run_checks(stage, checks):
        show.show_outcome(stage.console, outcome)
        outcomes.append(outcome)
    failed = sum(not outcome.good for outcome in outcomes)
    stage.console.print(f"{len(outcomes) - failed} of {len(outcomes)} checks passed")
    return failed == 0


if __name__ == "__main__":
    main()
