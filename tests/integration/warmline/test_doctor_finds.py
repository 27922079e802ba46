"""What the doctor sees beside types and indexes: rows, views that fail, photos, runs, models, settings, Redis."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
import redis

from shared.db.engine import Database
from shared.db.models import promote_model, register_model
from tests.integration.warmline.answers import Answer, Command
from tests.integration.warmline.teams import Team, found
from tests.photos import a_photo
from tests.stores import execute

RECENTLY = "now() - interval '1 hour'"


def at(answer: Answer, where: str, severity: str = "hint") -> dict[str, Any]:
    """The only finding of a severity about a place."""
    (finding,) = [each for each in answer.json["findings"] if (each["where"], each["severity"]) == (where, severity)]
    return dict(finding)


def with_view(team: Team, relation: str, select: str) -> None:
    """Another view in a relation's place."""
    team.do(f"DROP VIEW feed.{relation}; CREATE VIEW feed.{relation} AS {select}")


def test_a_view_that_fails_when_it_is_read_is_a_finding_and_the_rest_is_examined(doctor: Command, team: Team) -> None:
    with_view(
        team,
        "blocks",
        "SELECT user_id::text AS user_id, (1 / (1 - sign(extract(epoch FROM created_at))))::text AS blocked_user_id,"
        " created_at FROM app.blocked",
    )
    answer = doctor("--json")
    assert (answer.code, found(answer, "problem")) == (1, {"blocks": "it fails when it is read: division by zero"})
    assert {"users", "posts", "interactions"} <= found(answer, "good").keys()


def test_a_view_that_fails_in_a_column_that_no_check_reads_is_found(doctor: Command, team: Team) -> None:
    columns = "user_id::text AS user_id, other_id::text AS blocked_user_id"
    with_view(
        team, "blocks", f"SELECT {columns}, ('x' || created_at::text)::timestamptz AS created_at FROM app.blocked"
    )
    assert "it fails when it is read" in found(doctor("--json"), "problem")["blocks"]


def test_a_connection_that_is_cut_leaves_what_was_found_before(doctor: Command, team: Team) -> None:
    columns = "user_id::text AS user_id, other_id::text AS blocked_user_id, created_at"
    with_view(team, "blocks", f"SELECT {columns} FROM app.blocked WHERE pg_terminate_backend(pg_backend_pid())")
    answer = doctor("--json")
    assert (answer.code, list(found(answer, "problem"))) == (1, ["PostgreSQL"])
    assert {"Redis", "users", "posts", "interactions"} <= found(answer, "good").keys()


def test_an_optional_column_of_another_type_is_a_hint_and_ignored(doctor: Command, team: Team) -> None:
    columns = "id::text AS id, created_at"
    with_view(team, "users", f"SELECT {columns}, 'no' AS suspended FROM app.users")
    answer = doctor("--json")
    told = at(answer, "feed.users.suspended")
    assert (told["got"], told["expected"]) == ("got text, and ignored", "boolean, or no such column")
    assert "feed.users.suspended" not in found(answer, "problem")
    with_view(team, "users", f"SELECT {columns}, false AS suspended FROM app.users")
    assert "feed.users.suspended" not in found(doctor("--json"), "hint")


@pytest.mark.parametrize(
    ("column", "written"),
    [
        ("tags", "string_to_array(tags, ',') AS tags (with your own separator)"),
        ("language", "write language::text AS language"),
        ("sensitive", "write (sensitive <> 0) AS sensitive"),
        ("image_urls", "write ARRAY(SELECT jsonb_array_elements_text(image_urls::jsonb)) AS image_urls"),
    ],
)
def test_what_posts_say_in_another_type_is_a_hint_with_a_cure(
    doctor: Command, team: Team, column: str, written: str
) -> None:
    wrong = {"tags": "'a,b'::text AS tags", "language": "ARRAY[1] AS language", "sensitive": "0 AS sensitive",
             "image_urls": "'[]'::jsonb AS image_urls"}  # fmt: skip
    columns = (
        "id::text AS id, user_id::text AS author_id, content AS caption, image AS image_url, created_at, deleted_at"
    )
    with_view(team, "posts", f"SELECT {columns}, {wrong[column]} FROM app.posts")
    told = at(doctor("--json"), f"feed.posts.{column}")
    assert (told["severity"], told["got"].endswith("and ignored")) == ("hint", True)
    if column != "language":
        assert written in told["todo"]


def test_photos_in_the_list_alone_are_photos(doctor: Command, team: Team) -> None:
    columns = "id::text AS id, user_id::text AS author_id, content AS caption, NULL::text AS image_url"
    times = "created_at, deleted_at"
    without = f"SELECT {columns}, {times} FROM app.posts"
    with_view(team, "posts", without)
    assert "have no image" in at(doctor("--json"), "posts.image_url")["got"]
    with_view(team, "posts", without.replace(" FROM", ", ARRAY['1.jpg', '2.jpg'] AS image_urls FROM"))
    assert "have no image" not in doctor("--json").out


@pytest.mark.parametrize(("relation", "other"), [("mutes", "muted_user_id"), ("follows", "author_id")])
def test_an_optional_view_that_is_absent_is_silent_and_one_that_is_ignored_a_hint(
    doctor: Command, team: Team, relation: str, other: str
) -> None:
    assert not [where for where in found(doctor("--json"), "hint") if relation in where]
    team.do(f"CREATE VIEW feed.{relation} AS SELECT 1 AS user_id")
    answer = doctor("--json")
    assert {f"feed.{relation}.user_id", f"feed.{relation}.{other}"} <= set(found(answer, "hint"))
    assert not [where for where in found(answer, "problem") if relation in where]


@pytest.mark.parametrize(
    ("first_at", "severity", "got"),
    [
        ("created_at - interval '1 day'", "", None),
        ("NULL::timestamptz", "", None),
        ("'once'", "hint", "got text, and ignored"),
        ("created_at + interval '1 day'", "problem", "600 of 600 newest rows have a first time after their last one"),
    ],
)
def test_when_an_event_happened_first_is_checked_where_a_view_says_so(
    doctor: Command, team: Team, first_at: str, severity: str, got: str | None
) -> None:
    columns = "user_id::text AS user_id, post_id::text AS post_id, 'like' AS kind, created_at"
    with_view(team, "interactions", f"SELECT {columns}, {first_at} AS first_at FROM app.likes")
    answer = doctor("--json")
    told = [each for each in answer.json["findings"] if each["where"].endswith("interactions.first_at")]
    assert [(each["severity"], each["got"]) for each in told] == ([(severity, got)] if severity else [])


def test_a_first_time_that_fails_when_it_is_read_is_found(doctor: Command, team: Team) -> None:
    columns = "user_id::text AS user_id, post_id::text AS post_id, 'like' AS kind, created_at"
    failing = "('x' || created_at::text)::timestamptz"
    with_view(team, "interactions", f"SELECT {columns}, {failing} AS first_at FROM app.likes")
    assert "it fails when it is read" in found(doctor("--json"), "problem")["interactions"]


def test_events_before_their_post_show_two_zones(doctor: Command, team: Team) -> None:
    team.do(
        "UPDATE app.likes SET created_at = p.created_at + interval '1 minute' - interval '9 hours'"
        " FROM app.posts p WHERE p.id = post_id"
    )
    got = at(doctor("--json"), "interactions.created_at", "problem")["got"]
    assert got == "600 of 600 recent events are dated before their post, the earliest by about 9 hours"


def test_events_that_a_join_multiplies_are_counted(doctor: Command, team: Team) -> None:
    select = (
        "SELECT l.user_id::text AS user_id, post_id::text AS post_id, 'like' AS kind, l.created_at FROM app.likes l"
    )
    with_view(team, "interactions", f"{select}, generate_series(1, 2)")
    assert at(doctor("--json"), "interactions")["got"] == "600 of 1,200 newest rows repeat another one"


def test_blocks_that_stand_twice_are_counted(doctor: Command, team: Team) -> None:
    select = "SELECT user_id::text AS user_id, other_id::text AS blocked_user_id, created_at FROM app.blocked"
    with_view(team, "blocks", f"{select} UNION ALL {select}")
    assert at(doctor("--json"), "blocks")["got"] == "1 of 2 newest rows repeat another one"


def test_a_view_of_posts_that_lets_nothing_through_is_a_problem(doctor: Command, team: Team) -> None:
    team.do("DELETE FROM app.posts")
    answer = doctor("--json")
    assert (answer.code, found(answer, "problem")) == (1, {"posts": "it has no rows"})


def test_events_and_blocks_that_are_not_there_are_hints(doctor: Command, team: Team) -> None:
    team.do("DELETE FROM app.likes; DELETE FROM app.blocked")
    answer = doctor("--json")
    assert answer.code == 0
    assert {where for where, got in found(answer, "hint").items() if got == "it has no rows"} == {
        "interactions",
        "blocks",
    }


def test_html_in_captions_is_told_and_its_cure_works(doctor: Command, team: Team) -> None:
    team.do("UPDATE app.posts SET content = '<p>A <b>red</b> cat</p>'")
    finding = at(doctor("--json"), "posts.caption")
    assert finding["got"] == "100 of 100 newest rows hold HTML"
    cure = finding["todo"].removeprefix("write ").removesuffix(" AS caption")
    team.do(
        "ALTER VIEW feed.posts RENAME TO raw; CREATE VIEW feed.posts AS"
        f" SELECT id, author_id, {cure} AS caption, image_url, created_at, deleted_at FROM feed.raw"
    )
    assert "posts.caption" not in found(doctor("--json"), "hint")


@pytest.fixture
def media(team: Team, tmp_path: Path) -> Path:
    """A folder that holds the photos of twenty posts; the others have none."""
    folder = tmp_path / "media"
    folder.mkdir()
    team.do("UPDATE app.posts SET image = NULL; UPDATE app.posts SET image = substr(content, 6) || '.jpg'"
            " WHERE substr(content, 6)::int <= 20 AND deleted_at IS NULL")  # fmt: skip
    for number in range(1, 21):
        a_photo(number, width=32, height=24).save(folder / f"{number}.jpg")
    return folder


def test_photos_that_open_are_good(doctor: Command, media: Path) -> None:
    assert found(doctor("--json", media_root=str(media)), "good")["posts.image_url"] == "18 of 18 photos open"


def test_photos_that_cannot_be_read_are_told_by_what_is_the_matter(doctor: Command, media: Path) -> None:
    (media / "1.jpg").write_bytes(b"")
    (media / "2.jpg").write_bytes(b"\0\0\0\x18ftypheic")
    (media / "3.jpg").unlink()
    answer = doctor("--json", media_root=str(media))
    told = {each["got"]: each["examples"] for each in answer.json["findings"] if "sampled" in each["got"]}
    assert answer.code == 0
    assert told == {
        "1 of 18 sampled photos cannot be read: got 0 bytes": ["1.jpg"],
        "1 of 18 sampled photos cannot be read: got HEIC, expected one of JPEG, PNG, WEBP, GIF, BMP, AVIF": ["2.jpg"],
        "1 of 18 sampled photos cannot be read: no such file below WARMLINE_MEDIA_ROOT": ["3.jpg"],
    }


def test_a_media_root_that_holds_none_of_the_photos_is_a_problem(doctor: Command, media: Path, tmp_path: Path) -> None:
    answer = doctor("--json", media_root=str(tmp_path))
    assert (answer.code, list(found(answer, "problem"))) == (1, ["posts.image_url"])


def run_of(database: Database, job: str, state: str, *, error: str | None = None, when: str = RECENTLY) -> None:
    """A run on record."""
    execute(
        database,
        "INSERT INTO warmline.runs (job, state, requested_by, requested_at, finished_at, error)"
        f" VALUES (:job, :state, 'test', {when}, CASE WHEN :state IN ('done', 'failed') THEN {when} END, :error)",
        job=job,
        state=state,
        error=error,
    )


def test_a_heuristic_run_that_failed_is_a_problem_with_its_reason(warmline: Command, database: Database) -> None:
    run_of(database, "heuristic", "failed", error="posts: got 0 rows")
    answer = warmline("doctor", "--json")
    assert (answer.code, found(answer, "problem")["job heuristic"]) == (1, "its last run failed: posts: got 0 rows")


def test_a_training_that_failed_is_a_hint(warmline: Command, database: Database) -> None:
    run_of(database, "heuristic", "done", when="now()")
    run_of(database, "train", "failed", error="too few likes")
    answer = warmline("doctor", "--json")
    assert (answer.code, found(answer, "hint")["job train"]) == (0, "its last run failed: too few likes")
    assert found(answer, "good")["job heuristic"] == "it ended well 0 s ago"


def test_a_heuristic_that_has_not_run_for_days_is_a_problem(warmline: Command, database: Database) -> None:
    run_of(database, "heuristic", "done", when="now() - interval '5 days'")
    assert "no run ended well for 5 d" in found(warmline("doctor", "--json"), "problem")["job heuristic"]


def test_a_request_that_nobody_takes_is_told(warmline: Command, database: Database) -> None:
    run_of(database, "heuristic", "requested")
    assert "no service takes it" in found(warmline("doctor", "--json"), "hint")["job heuristic"]


@pytest.fixture
def champion(database: Database, tmp_path: Path) -> Path:
    """The folder of the promoted model, below `models`."""
    weights = b"weights"
    folder = tmp_path / "models" / "one"
    folder.mkdir(parents=True)
    (folder / "weights.safetensors").write_bytes(weights)
    (folder / "manifest.json").write_text("{}")
    version = register_model(
        database, run_id=1, folder="one", sha256=hashlib.sha256(weights).hexdigest(), accepted=True, verdict="good",
        report={},
    )  # fmt: skip
    promote_model(database, version, by="test")
    return folder


def about_models(answer: Answer) -> dict[str, str]:
    """Where and severity of the findings about models."""
    return {each["where"]: each["severity"] for each in answer.json["findings"] if each["where"].startswith("model")}


def test_the_files_of_the_champion_are_whole(warmline: Command, champion: Path) -> None:
    assert about_models(warmline("doctor", "--json", model_dir=str(champion.parent))) == {"models": "good"}


def test_a_champion_without_its_files_is_a_problem(warmline: Command, champion: Path) -> None:
    (champion / "weights.safetensors").unlink()
    answer = warmline("doctor", "--json", model_dir=str(champion.parent))
    assert (answer.code, set(about_models(answer).values())) == (1, {"problem"})
    assert "lacks weights.safetensors" in answer.out


def test_a_champion_with_other_weights_is_a_problem(warmline: Command, champion: Path) -> None:
    (champion / "weights.safetensors").write_bytes(b"other")
    assert set(about_models(warmline("doctor", "--json", model_dir=str(champion.parent))).values()) == {"problem"}


def test_a_machine_without_the_model_folder_says_that_it_did_not_look(warmline: Command, champion: Path) -> None:
    answer = warmline("doctor", "--json", model_dir=str(champion / "elsewhere"))
    assert about_models(answer) == {"models": "hint"}


def test_a_misspelt_setting_is_named_with_the_one_that_was_meant(warmline: Command, tmp_path: Path) -> None:
    Path(".env").write_text("WARMLINE_TRAINCRON=0 3 * * *\n")
    answer = warmline("doctor", "--json", alhpa="0.5")
    assert at(answer, "WARMLINE_ALHPA")["todo"] == "did you mean WARMLINE_ALPHA?"
    assert at(answer, "WARMLINE_TRAINCRON")["todo"] == "did you mean WARMLINE_TRAIN_CRON?"


def test_a_redis_user_who_may_not_ask_info_is_no_problem(warmline: Command, client: redis.Redis) -> None:
    url = client.connection_pool.connection_kwargs
    client.acl_setuser("plain", enabled=True, passwords=["+pw"], keys=["*"], categories=["+@all"], commands=["-info"])
    try:
        answer = warmline("doctor", "--json", redis_url=f"redis://plain:pw@{url['host']}:{url['port']}/0")
    finally:
        client.acl_deluser("plain")
    assert answer.code == 0
    assert "our user may not ask INFO" in found(answer, "good")["Redis"]


EVIL = "\\033]0;owned\\007\\302\\233 2J\\342\\200\\256"  # a terminal's title, C1's CSI, text turned about


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_nothing_out_of_the_database_steers_the_terminal(
    doctor: Command, team: Team, arguments: tuple[str, ...]
) -> None:
    evil = f"convert_from('{EVIL}'::bytea, 'UTF8')"
    team.do(f"UPDATE app.posts SET content = content || {evil}, image = image || {evil}")
    columns = (
        f"SELECT user_id::text AS user_id, post_id::text || {evil} AS post_id, 'like' || {evil} AS kind, created_at"
    )
    with_view(team, "interactions", f"{columns} FROM app.likes")
    answer = doctor(*arguments)
    assert "owned" in answer.out
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(answer.out)


def test_the_json_keeps_its_fields(doctor: Command) -> None:
    answer = doctor("--json").json
    assert answer.keys() == {"findings", "counts", "sample_posts"}
    assert answer["counts"].keys() == {"problem", "hint", "good"}
    assert {tuple(each) for each in answer["findings"]} == {
        ("severity", "where", "got", "expected", "todo", "examples")
    }
    assert all(each.keys() == {"id", "caption", "image_url"} for each in answer["sample_posts"])
