"""`warmline doctor`: checks, explains each finding, and asks whether strangers may see a few sample posts."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import typer
from rich.text import Text

from shared.db.doctor.rows import STATEMENT_SECONDS, RowProbe
from shared.db.doctor.setup import sample_posts
from shared.db.engine import DatabaseSnapshot, store_errors
from shared.errors import SourceError, WarmlineError
from shared.text.printable import printable
from warmline.commands.doctor.examine import examine
from warmline.findings import (
    Finding,
    as_dict,
    counts,
    has_problem,
    in_order,
    merge_repeats,
    problem,
    show,
    summary,
    unanswered,
)
from warmline.screen import clipped, console, print_hanging, progress_bar, say, show_json
from warmline.stores import OpenStores, open_stores

SAMPLE_POSTS = 5
CAPTION = 70  # characters


def run_doctor(*, yes: bool, as_json: bool) -> int:
    """Check everything; returns 1 if there is a problem, else 0."""
    findings: list[Finding] = []
    posts: Sequence[Mapping[str, Any]] = ()
    with open_stores(migrated=False, statement_seconds=STATEMENT_SECONDS) as stores, stores.database.read() as snapshot:
        try:
            with store_errors(stores.database.source or stores.database.own):
                _examine(stores, snapshot, findings)
                posts = _sample(stores, snapshot)
        except WarmlineError as error:
            if all(each.got != str(error) for each in findings):  # a step may have reported it already
                findings.append(unanswered(error))
    findings = in_order(findings)
    ask = not (yes or as_json) and sys.stdin.isatty() and sys.stdout.isatty()
    if not as_json:
        _show(merge_repeats(findings), posts)
    if ask and posts and not typer.confirm("May strangers see every one of these posts?", default=True):
        findings.append(_private())
        show(findings[-1], console())
    if as_json:
        show_json(
            {
                "findings": [as_dict(each) for each in findings],
                "counts": counts(findings),
                "sample_posts": list(posts),
            }
        )
    return int(has_problem(findings))


def _examine(stores: OpenStores, snapshot: DatabaseSnapshot, findings: list[Finding]) -> None:
    """Add the findings of each step; if a step fails, earlier findings are kept."""
    with progress_bar("Looking at") as progress:
        task = progress.add_task("", total=None)
        for step, found in examine(stores, snapshot):
            progress.update(task, description=step)
            findings += found


def _sample(stores: OpenStores, snapshot: DatabaseSnapshot) -> Sequence[Mapping[str, Any]]:
    place = stores.database.source or stores.database.own
    try:
        return sample_posts(RowProbe(snapshot.connection(place), place), count=SAMPLE_POSTS) or ()
    except SourceError:  # the relation is missing or fails: a finding already says so
        return ()


def _show(findings: Sequence[Finding], posts: Sequence[Mapping[str, Any]]) -> None:
    screen = console()
    for each in findings:
        show(each, screen)
    say(summary(findings))
    if posts:
        ask = "Posts that anyone would see; private, suspended and pending ones must not be among them:"
        print_hanging(Text(ask), screen, first=0, further=0)
    for post in posts:
        caption = clipped(printable(post["caption"] or "(no caption)"), CAPTION)
        line = f"{post['id']}  {caption}  {post['image_url'] or '(no image)'}"
        print_hanging(Text(printable(line)), screen, first=2, further=4)


def _private() -> Finding:
    return problem(
        "posts",
        "there are posts that strangers may not see",
        expected="only posts that anyone may see",
        todo="leave private, suspended, pending and scheduled posts out of the view"
        " (docs/guides/connect-your-database.md), then run doctor again",
    )
