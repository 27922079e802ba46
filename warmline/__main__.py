"""`warmline`: the operator's command. A command's module is imported only when it is called: --help is fast."""

import io
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from shared.domain import Phase
from shared.errors import WarmlineError
from shared.jobs.names import Job
from shared.jobs.stopping import STOPPED
from shared.text.numbers import is_decimal_number, is_whole_number
from shared.text.printable import write_error
from shared.version import VERSION
from warmline.commands.import_data import columns

app = typer.Typer(
    help="Warmline: a self-hosted post recommender. Settings are read from WARMLINE_* and .env.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
phase_commands = typer.Typer(help="Read or switch the phase.", no_args_is_help=True)
app.add_typer(phase_commands, name="phase")
installation_commands = typer.Typer(
    help="Whose Redis, model folder and snapshot these are; make them this installation's.", no_args_is_help=True
)
app.add_typer(installation_commands, name="installation")


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it so
    if wanted:
        sys.stdout.write(f"warmline {VERSION}\n")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Warmline: a self-hosted post recommender. Settings are read from WARMLINE_* and .env."""


def _whole(least: int, most: int | None = None, *, name: str | None = None) -> dict[str, Any]:
    """An option or argument that is a whole number; typer's own would read 1_0 as 10."""
    span = f"from {least}" if most is None else f"from {least} to {most}"

    def parse(given: object) -> int:  # a default comes as a number
        text = str(given)
        if is_whole_number(text) and least <= (number := int(text)) and (most is None or number <= most):
            return number
        raise typer.BadParameter(f"got {text!r}, expected a whole number {span}")

    return {"parser": parse, "metavar": name or f"<{least}…{'' if most is None else most}>"}


def _percent(given: object) -> float:
    text = str(given)
    if is_decimal_number(text) and 0 <= (number := float(text)) <= 100:
        return number
    raise typer.BadParameter(f"got {text!r}, expected a number from 0 to 100")


Json = Annotated[bool, typer.Option("--json", help="Print one JSON object, for a script.")]


@app.command("init")
def _init() -> None:
    """Add random values for missing secrets to `.env`; existing values stay."""
    from warmline.commands.init import run_init

    raise typer.Exit(run_init())


@app.command("migrate")
def _migrate(*, as_json: Json = False) -> None:
    """Upgrade the schema `warmline` to this version; nothing outside it is changed."""
    from warmline.commands.migrate import run_migrate

    raise typer.Exit(run_migrate(as_json=as_json))


IMPORT_HELP = f"""Import the relations (or some of them) into Warmline's own tables.

Doing it twice changes nothing. Rows that are wrong are reported with file, line and reason, the others are imported.
Exit code: 0 all rows good, 1 some were not, 2 the folder cannot be imported.

A folder holds users.csv, posts.csv, interactions.csv and blocks.csv, or some of them, or .parquet.
docs/sample-import is one. CSV is UTF-8 with a header; a time carries its zone, such as 2026-01-31T12:00:00Z.
The columns, in any order:

\b
{columns.table()}
"""


def _delimiter(text: str) -> str:
    mark = {"tab": "\t", "\\t": "\t"}.get(text, text)
    if len(mark) != 1 or mark in '"\r\n':
        raise typer.BadParameter(f"got {text!r}, expected one character, or tab")
    return mark


@app.command("import", help=IMPORT_HELP)
def _import(
    folder: Annotated[Path, typer.Argument(help="Holds users, posts, interactions, blocks as .csv or .parquet.")],
    *,
    delimiter: Annotated[
        str,
        typer.Option(parser=_delimiter, metavar="CHARACTER", help="Separator of CSV fields; `tab` for a tab."),
    ] = ",",
    report: Annotated[Path | None, typer.Option(help="Write all rejected rows to this CSV file.")] = None,
    as_json: Json = False,
) -> None:
    from warmline.commands.import_data.command import run_import

    raise typer.Exit(run_import(folder, delimiter=delimiter, report=report, as_json=as_json))


@app.command("doctor")
def _doctor(
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether strangers may see the sample posts.")] = False,
    as_json: Json = False,
) -> None:
    """Check your data, indexes, photos, runs, models and settings, and explain each finding.

    It only reads, and cancels each query after 5 seconds: safe on a live database.

    Exit code: 0 no problem (perhaps hints), 1 at least one problem, 2 a setting is missing or wrong.
    """
    from warmline.commands.doctor.command import run_doctor

    raise typer.Exit(run_doctor(yes=yes, as_json=as_json))


@phase_commands.command("get")
def _phase_get(*, as_json: Json = False) -> None:
    """Show the current phase, whether Redis has it, and the last changes."""
    from warmline.commands.phase import run_phase_get

    raise typer.Exit(run_phase_get(as_json=as_json))


@phase_commands.command("set")
def _phase_set(
    phase: Annotated[Phase, typer.Argument(help="The phase to switch to.")],
    *,
    rollout_percent: Annotated[
        float,
        typer.Option(
            parser=_percent,
            metavar="<0…100>",
            help="Percentage of users in the phase; ignored for heuristic.",
        ),
    ] = 100.0,
    by: Annotated[str | None, typer.Option(help="Who switches, for the audit; default: you at this machine.")] = None,
    as_json: Json = False,
) -> None:
    """Switch the phase; it applies from each user's next first page on."""
    from warmline.commands.phase import run_phase_set

    raise typer.Exit(run_phase_set(phase, rollout_percent=rollout_percent, by=by, as_json=as_json))


@app.command("run")
def _run(
    job: Annotated[Job, typer.Argument(help="The job to run.")],
    *,
    wait: Annotated[bool, typer.Option(help="Wait until the run has ended and show its report.")] = True,
    as_json: Json = False,
) -> None:
    """Request a run from the service that does the job. Exit code: 0 good, 1 refused or failed."""
    from warmline.commands.run import run_job

    raise typer.Exit(run_job(job, wait=wait, as_json=as_json))


@app.command("inspect")
def _inspect(
    user: Annotated[str, typer.Argument(help="The user's id.")],
    *,
    limit: Annotated[int, typer.Option(**_whole(1, 1000), help="Posts of each list.")] = 20,
    post: Annotated[
        str | None, typer.Option(help="Show only this post: its position in each list, or why it is not shown.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show a user's lists of both phases, the parts of each score, and what is withheld from the user.

    The lists are shown side by side if the terminal is wide enough, else one below the other.
    """
    from warmline.commands.inspect.command import run_inspect

    raise typer.Exit(run_inspect(user, limit=limit, post_id=post, as_json=as_json))


@app.command("status")
def _status(*, as_json: Json = False) -> None:
    """Show phase, lists, runs, models and stores, and what needs attention. Exit code: 1 if there is a problem.

    It counts no rows and changes nothing: fast at any size.
    """
    from warmline.commands.status.command import run_status

    raise typer.Exit(run_status(as_json=as_json))


@app.command("capacity")
def _capacity(
    *,
    users: Annotated[int, typer.Option(**_whole(1), help="Expected number of users.")],
    posts: Annotated[int, typer.Option(**_whole(1), help="Expected number of posts, including old ones.")],
    interactions: Annotated[int, typer.Option(**_whole(0), help="Expected number of interactions, including views.")],
    as_json: Json = False,
) -> None:
    """Predict bytes in Redis and PostgreSQL from the current data, and seconds of each job from its last real run.

    It counts the rows of the relations, and writes some test keys to Redis, which it deletes again.
    """
    from warmline.commands.capacity.command import run_capacity

    raise typer.Exit(run_capacity(users=users, posts=posts, interactions=interactions, as_json=as_json))


@app.command("export")
def _export(
    *,
    user: Annotated[str, typer.Option(help="The user's id.")],
    output: Annotated[
        Path | None, typer.Option(help="Write to this file, readable by you alone; default: standard output.")
    ] = None,
    by: Annotated[str | None, typer.Option(help="Who exports, for the audit; default: you at this machine.")] = None,
) -> None:
    """Write all that is held about one person as JSON, and nothing of anybody else; the audit notes it without the id.

    Exit code: 0 all of it, 1 refused (nothing is held, or the user is erased), or a part is missing (see `missing`).
    """
    from warmline.commands.export import run_export

    raise typer.Exit(run_export(user, output=output, by=by))


By = Annotated[str | None, typer.Option(help="Who decides, for the audit; default: you at this machine.")]


@app.command("models")
def _models(*, as_json: Json = False) -> None:
    """List model versions with their metrics and the gate's verdicts, and show which one is served."""
    from warmline.commands.models import run_models

    raise typer.Exit(run_models(as_json=as_json))


@app.command("promote")
def _promote(
    version: Annotated[
        int, typer.Argument(**_whole(1, name="version"), help="The number that `warmline models` shows.")
    ],
    *,
    override: Annotated[
        bool, typer.Option("--override", help="Promote it although the gate rejected it; this is audited.")
    ] = False,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Make a model version the champion, and request its lists."""
    from warmline.commands.models import run_promote

    raise typer.Exit(run_promote(version, override=override, by=by, as_json=as_json))


@app.command("rollback")
def _rollback(*, by: By = None, as_json: Json = False) -> None:
    """Make the previous champion the champion again, and request its lists."""
    from warmline.commands.models import run_rollback

    raise typer.Exit(run_rollback(by=by, as_json=as_json))


Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@installation_commands.command("show")
def _installation_show(*, as_json: Json = False) -> None:
    """Show this PostgreSQL's id, and whether Redis, model folder and snapshot carry it. Exit code: 1 if one does not.

    It changes nothing.
    """
    from warmline.commands.installation import run_show

    raise typer.Exit(run_show(as_json=as_json))


@installation_commands.command("adopt")
def _installation_adopt(*, yes: Yes = False, by: By = None) -> None:
    """Make Redis, model folder and snapshot belong to this installation, though they name another one or none.

    Redis is cleared of Warmline's keys and the snapshot deleted, for both are made anew; model files and PostgreSQL
    stay as they are. The installation that they belonged to is refused there from then on.
    """
    from warmline.commands.installation import run_adopt

    raise typer.Exit(run_adopt(yes=yes, by=by))


@installation_commands.command("renew")
def _installation_renew(*, yes: Yes = False, by: By = None) -> None:
    """Give this PostgreSQL a new id: after it was restored from a backup, or in a copy of it.

    Its Redis is cleared of Warmline's keys and snapshots are dropped, since rows might be given out twice; what is in
    PostgreSQL and the models stay, and the champion goes on being served.
    """
    from warmline.commands.installation import run_renew

    raise typer.Exit(run_renew(yes=yes, by=by))


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(
            stream, io.TextIOWrapper
        ):  # captions may hold any character, which the terminal's encoding may not
            stream.reconfigure(errors="backslashreplace")
    try:
        app(arguments, prog_name="warmline")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(bool(ended.code))
    except WarmlineError as error:
        from warmline.screen import warn

        warn(*error.lines)
        return error.exit_code
    except KeyboardInterrupt:
        write_error("stopped")
        return STOPPED
    return 0


if __name__ == "__main__":
    sys.exit(main())
