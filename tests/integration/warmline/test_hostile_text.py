"""Whatever a database or a file holds, the operator's terminal shows it and does nothing else with it."""

import csv
import re
from datetime import timedelta
from pathlib import Path

import pytest

from shared.db.engine import Database
from shared.db.models import promote_model
from shared.ranked_lists.job_store import JobStore
from tests.integration.warmline.answers import Answer, Command
from tests.integration.warmline.teams import Team, doctor_of
from tests.model_files import put_on_record
from tests.stores import claimed_run, execute, heuristic_run
from tests.worlds import NOW, TEN_POSTS, write_own_tables

FORGED = "PROBLEM  forged: a finding"
# Clears the screen, sets the title, clears again (C1), turns the writing about, ends the line in four ways.
HOSTILE = f"\x1b[2J\x1b]0;owned\x07\x9b2J\u202egnp\n{FORGED}\r{FORGED}\u2028{FORGED}\x85{FORGED}"
STEERING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def harm(answer: Answer) -> list[str]:
    """What a terminal would do with an answer besides showing it, and lines that somebody made up."""
    printed = answer.out + answer.err
    forged = [line for line in printed.split("\n") if line.strip(" │|").startswith((FORGED, "Traceback"))]
    return STEERING.findall(printed) + forged


@pytest.fixture
def _hostile(database: Database, writer: JobStore, tmp_path: Path) -> None:
    """The ten posts, ranked, and a hostile text wherever one can be stored."""
    write_own_tables(database, TEN_POSTS)
    heuristic_run(database, writer)
    first = promote_model(database, put_on_record(database, tmp_path / "models", "one"), by=HOSTILE)
    run = claimed_run(database, "train", worker=HOSTILE)
    text = {"text": HOSTILE}
    execute(database, "UPDATE warmline.posts SET caption = :text, image_url = 'https://x.example/' || :text", **text)
    execute(database, "UPDATE warmline.model_versions SET verdict = :text", **text)
    progress = "jsonb_build_object('step', cast(:text AS text), 'done', 1, 'of', 2, 'percent', 9, 'seconds', 1)"
    execute(database, f"UPDATE warmline.runs SET requested_by = :text, worker = :text, progress = {progress}", **text)
    execute(
        database,
        "UPDATE warmline.runs SET state = 'failed', error = :text, finished_at = now() WHERE id = :id",
        id=run.id, **text,
    )  # fmt: skip
    execute(database, "INSERT INTO warmline.heartbeats (service, worker) VALUES ('s02_train_neucf', :text)", **text)
    execute(
        database,
        "INSERT INTO warmline.phase_changes (phase, rollout_percent, changed_by) VALUES ('neucf', 5, :text)",
        **text,
    )
    assert first.version


COMMANDS = (
    "doctor --yes", "doctor --json", "inspect ben", "inspect ben --json", "inspect ben --post p1", "models",
    "models --json", "status", "status --json", "phase get", "phase get --json", "installation show",
    "run train --no-wait", "promote 1 --by FORGED", "rollback",
)  # fmt: skip


@pytest.mark.usefixtures("_hostile")
def test_stored_text_does_nothing_to_the_terminal(warmline: Command, tmp_path: Path) -> None:
    files = {"model_dir": str(tmp_path / "models"), "snapshot_file": str(tmp_path / "none")}
    called = {words: warmline(*words.replace("FORGED", HOSTILE).split(" ", 3), **files) for words in COMMANDS}
    assert {words: found for words, answer in called.items() if (found := harm(answer))} == {}
    assert FORGED in called["doctor --json"].out  # the text itself was shown


def test_neither_does_a_teams_view(warmline: Command, team: Team) -> None:
    quoted = HOSTILE.replace("'", "''").replace("%", "%%")
    team.do(f"UPDATE app.posts SET content = '{quoted}', image = 'https://x/{quoted}'")
    assert harm(doctor_of(warmline, team)("--yes")) == []
    answer = doctor_of(warmline, team)("--json")
    assert harm(answer) == []
    told = {each["where"]: each for each in answer.json["findings"] if "control characters" in each["got"]}
    assert told["posts.image_url"]["severity"] == "problem"


@pytest.mark.parametrize("place", ["header", "id", "image_url", "kind", "created_at", "file"])
def test_neither_does_an_imported_file(warmline: Command, database: Database, tmp_path: Path, place: str) -> None:
    folder = tmp_path / ("in" + HOSTILE.replace("\x00", "") if place == "file" else "in")
    folder.mkdir()
    users = [["id", "created_at"], ["ann", NOW.isoformat()]]
    posts = [["id", "author_id", "caption", "image_url", "created_at"], ["p", "ann", "", "a.jpg", NOW.isoformat()]]
    events = [["user_id", "post_id", "kind", "created_at"], ["ann", "p", "like", NOW.isoformat()]]
    if place == "header":
        users[0][1] = f"Created-At{HOSTILE}"
    elif place == "id":
        users[1][0] = HOSTILE
    elif place == "image_url":
        posts[1][3] = f"https://x.example/{HOSTILE}"
    elif place == "kind":
        events[1][2] = HOSTILE
    elif place == "created_at":
        events[1][3] = HOSTILE
    for name, lines in {"users": users, "posts": posts, "interactions": events}.items():
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(lines)
    answer = warmline("import", str(folder))
    assert harm(answer) == []
    assert harm(warmline("import", str(folder), "--json")) == []
    assert answer.code == {"header": 2, "file": 0}.get(place, 1)


def test_a_photo_named_with_control_characters_is_not_imported(warmline: Command, tmp_path: Path) -> None:
    at = (NOW - timedelta(days=1)).isoformat()
    (tmp_path / "users.csv").write_text(f"id,created_at\nann,{at}\n")
    (tmp_path / "posts.csv").write_text(
        f"id,author_id,caption,image_url,created_at\np,ann,,https://x.example/\u202egpj.exe,{at}\n"
    )
    assert warmline("import", str(tmp_path), "--json").json["bad"] == {"unusable image_url": 1}
