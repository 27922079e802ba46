"""`warmline import` on a real PostgreSQL: what arrives, what is reported, and that twice is once."""

import csv
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shared.db.engine import Database
from tests.integration.warmline.answers import Command
from tests.stores import bury_in, scalar

AT = "2026-01-31T12:00:00Z"
FILES = {
    "users": f"id,created_at\nu1,{AT}\nu2,{AT}\n",
    "posts": f"id,author_id,caption,image_url,created_at,deleted_at\np1,u1,a cat,https://x/1.jpg,{AT},\np2,u2,,,{AT},{AT}\n",
    "interactions": f"user_id,post_id,kind,created_at\nu1,p2,view,{AT}\nu1,p2,like,{AT}\n",
    "blocks": f"user_id,blocked_user_id,created_at\nu2,u1,{AT}\n",
}
EVENTS = "user_id,post_id,kind,created_at,event_id\n"


def write(folder: Path, **files: str) -> str:
    """Write these relations as CSV; gives the folder."""
    folder.mkdir(exist_ok=True)
    for relation, content in files.items():
        (folder / f"{relation}.csv").write_text(content)
    return str(folder)


def counts(database: Database) -> tuple[int, ...]:
    return tuple(scalar(database, f"SELECT count(*) FROM warmline.{relation}") for relation in FILES)


def test_the_four_relations_arrive(warmline: Command, database: Database, tmp_path: Path) -> None:
    answer = warmline("import", write(tmp_path / "in", **FILES))
    assert (answer.code, counts(database)) == (0, (2, 2, 2, 1))


def test_the_same_folder_twice_changes_nothing(warmline: Command, database: Database, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", **FILES)
    warmline("import", folder)
    again = warmline("import", folder, "--json").json["files"]
    assert {name: (file["new"], file["changed"]) for name, file in again.items()} == dict.fromkeys(FILES, (0, 0))
    assert counts(database) == (2, 2, 2, 1)


def test_a_later_folder_updates_posts(warmline: Command, database: Database, tmp_path: Path) -> None:
    warmline("import", write(tmp_path / "in", **FILES))
    changed = FILES["posts"].replace("a cat", "two cats")
    answer = warmline("import", write(tmp_path / "later", posts=changed), "--json")
    assert answer.json["files"]["posts"]["changed"] == 1
    assert scalar(database, "SELECT caption FROM warmline.posts WHERE id = 'p1'") == "two cats"


def test_tags_language_a_flag_and_mutes_arrive(warmline: Command, database: Database, tmp_path: Path) -> None:
    posts = f"""id,author_id,created_at,tags,language,sensitive
p1,u1,{AT},"#Cats, orange tabby",de-AT,true
p2,u1,{AT},"[""a,b"", ""c""]",,
p3,u1,{AT},"[1]",en,false
p4,u1,{AT},,German (Austria),false
"""
    mutes = f"user_id,muted_user_id,created_at,expires_at\nu2,u1,{AT},\nu1,u1,{AT},\n"
    answer = warmline("import", write(tmp_path / "in", posts=posts, mutes=mutes), "--json")
    assert answer.json["bad"] == {"unusable tags": 1, "unusable language": 1, "mutes itself": 1}
    kept = "SELECT json_agg(json_build_array(id, tags, language, sensitive) ORDER BY id) FROM warmline.posts"
    assert scalar(database, kept) == [
        ["p1", ["#Cats", "orange tabby"], "de-AT", True], ["p2", ["a,b", "c"], None, None]
    ]  # fmt: skip
    later = mutes.replace(f"{AT},\nu1", f"{AT},{AT}\nu1")
    again = warmline("import", write(tmp_path / "later", mutes=later), "--json").json["files"]["mutes"]
    assert (again["new"], again["changed"]) == (0, 1)


def test_further_photos_arrive_and_what_is_no_photo_is_refused(
    warmline: Command, database: Database, tmp_path: Path
) -> None:
    eleven = ",".join(f'""{number}.jpg""' for number in range(11))
    posts = f"""id,author_id,created_at,image_url,image_urls
p1,u1,{AT},a.jpg,"[""b,1.jpg"", ""https://photos.example/c.jpg""]"
p2,u1,{AT},,
p3,u1,{AT},,"[""ftp://photos.example/c.jpg""]"
p4,u1,{AT},,"b.jpg,c.jpg"
p5,u1,{AT},,"[{eleven}]"
p6,u1,{AT},,"[1]"
"""
    answer = warmline("import", write(tmp_path / "in", posts=posts), "--json").json
    assert answer["bad"] == {"unusable image_urls": 4}
    kept = "SELECT json_agg(json_build_array(id, image_urls) ORDER BY id) FROM warmline.posts"
    assert scalar(database, kept) == [["p1", ["b,1.jpg", "https://photos.example/c.jpg"]], ["p2", None]]
    table = {"id": ["p1"], "author_id": ["u1"], "created_at": [datetime(2026, 1, 31, tzinfo=UTC)]}
    folder = tmp_path / "parquet"
    folder.mkdir()
    pq.write_table(pa.table({**table, "image_urls": pa.array([["d.jpg"]])}), folder / "posts.parquet")
    assert warmline("import", str(folder), "--json").json["files"]["posts"]["changed"] == 1
    assert scalar(database, kept)[0] == ["p1", ["d.jpg"]]


def test_follows_arrive_once_and_nobody_follows_themselves(
    warmline: Command, database: Database, tmp_path: Path
) -> None:
    follows = f"user_id,author_id,created_at\nu2,u1,{AT}\nu2,u1,{AT}\nu1,u1,{AT}\n"
    answer = warmline("import", write(tmp_path / "in", follows=follows), "--json").json
    assert (answer["bad"], answer["files"]["follows"]["new"]) == ({"follows itself": 1}, 1)
    again = warmline("import", write(tmp_path / "again", follows=follows), "--json").json["files"]["follows"]
    assert (again["new"], again["changed"]) == (0, 0)
    assert scalar(database, "SELECT json_agg(json_build_array(user_id, author_id)) FROM warmline.follows") == [
        ["u2", "u1"]
    ]


def test_tags_come_as_lists_from_parquet(warmline: Command, database: Database, tmp_path: Path) -> None:
    at = datetime(2026, 1, 31, tzinfo=UTC)
    table = pa.table({
        "id": ["p1", "p2"], "author_id": ["u1", "u1"], "created_at": [at, at],
        "tags": [["cats", None, "größe"], None], "sensitive": [True, None],
    })  # fmt: skip
    (tmp_path / "in").mkdir()
    pq.write_table(table, tmp_path / "in" / "posts.parquet")
    assert warmline("import", str(tmp_path / "in")).code == 0
    kept = "SELECT json_agg(json_build_array(tags, sensitive) ORDER BY id) FROM warmline.posts"
    assert scalar(database, kept) == [[["cats", "größe"], True], [None, None]]


SUSPENDED = "SELECT string_agg(id, ',' ORDER BY id) FROM warmline.takedowns WHERE relation = 'users'"


def test_users_may_say_who_is_suspended_and_nothing_leaves_them_as_they_are(
    warmline: Command, database: Database, tmp_path: Path
) -> None:
    head, at = "id,created_at,suspended", f",{AT},"
    for lines, suspended in (
        ((f"u1{at}true", f"u2{at}false", f"u3{at}T"), "u1,u3"),
        ((f"u1{at}", f"u3{at}0"), "u1"),
        ((f"u1{at}false", f"u1{at}true"), "u1"),
        ((f"u1{at}FALSE", f"u2{at}perhaps"), None),
    ):
        warmline("import", write(tmp_path / "in", users="\n".join([head, *lines, ""])))
        assert scalar(database, SUSPENDED) == suspended
    answer = warmline("import", write(tmp_path / "in", users=f"{head}\nu2{at}perhaps\n"), "--json")
    assert "neither true nor false" in str(answer.json)
    pq.write_table(
        pa.table({"id": ["u2", "u9"], "created_at": [AT, AT], "suspended": [True, None]}), tmp_path / "in/users.parquet"
    )
    (tmp_path / "in/users.csv").unlink()
    assert warmline("import", str(tmp_path / "in")).code == 0
    assert scalar(database, SUSPENDED) == "u2"


def test_text_arrives_as_it_was_written(warmline: Command, database: Database, tmp_path: Path) -> None:
    caption = 'tab\t, back\\slash, \\N, "quotes"\n\\.\nвторая строка 🐈'
    quoted = caption.replace('"', '""')
    warmline("import", write(tmp_path / "in", posts=FILES["posts"].replace("a cat", f'"{quoted}"')))
    assert scalar(database, "SELECT caption FROM warmline.posts WHERE id = 'p1'") == caption


def test_a_missing_caption_is_empty_and_a_missing_image_is_null(
    warmline: Command, database: Database, tmp_path: Path
) -> None:
    warmline("import", write(tmp_path / "in", **FILES))
    assert scalar(database, "SELECT caption = '' AND image_url IS NULL FROM warmline.posts WHERE id = 'p2'")


def test_of_a_repeated_event_the_latest_time_stays(warmline: Command, database: Database, tmp_path: Path) -> None:
    days = "".join(f"u1,p2,like,2026-01-{day:02}T00:00:00Z,\n" for day in (2, 9, 5))
    warmline("import", write(tmp_path / "in", interactions=EVENTS + days))
    assert scalar(database, "SELECT array_agg(created_at) FROM warmline.interactions") == [
        datetime(2026, 1, 9, tzinfo=UTC)
    ]


def test_an_earlier_time_of_a_later_import_changes_nothing(
    warmline: Command, database: Database, tmp_path: Path
) -> None:
    for day in (9, 2):
        warmline("import", write(tmp_path / "in", interactions=f"{EVENTS}u1,p2,like,2026-01-{day:02}T00:00:00Z,\n"))
    assert scalar(database, "SELECT created_at FROM warmline.interactions") == datetime(2026, 1, 9, tzinfo=UTC)


TIMES = "SELECT array_agg(extract(day FROM first_at) || '-' || extract(day FROM created_at)) FROM warmline.interactions"
BOTH = "user_id,post_id,kind,created_at,first_at\n"


def rows_of_days(*days: str) -> str:
    """Likes of January, each of a first day (or none) and a last one."""
    spans = ([day and f"2026-01-{day}T00:00:00Z" for day in span.split("-")] for span in days)
    return "".join(f"u1,p2,like,{last},{first}\n" for first, last in spans)


@pytest.mark.parametrize(
    "folders",
    [
        (EVENTS + "".join(f"u1,p2,like,2026-01-{day:02}T00:00:00Z,\n" for day in (5, 9, 2)),),
        tuple(f"{EVENTS}u1,p2,like,2026-01-{day:02}T00:00:00Z,\n" for day in (5, 2, 9)),
        (BOTH + rows_of_days("02-09"),),
        (BOTH + rows_of_days("-05"), BOTH + rows_of_days("02-09")),
        (BOTH + rows_of_days("02-09"), BOTH + rows_of_days("-05")),
        (BOTH + rows_of_days("02-05", "-09"),),
        (BOTH + rows_of_days("03-09", "02-04"),),
    ],
    ids=["several rows", "folders", "a column", "a column later", "no column later", "both ways", "columns"],
)
def test_of_a_repeated_event_the_first_time_stays_too_and_again_changes_nothing(
    warmline: Command, database: Database, tmp_path: Path, folders: tuple[str, ...]
) -> None:
    for interactions in folders:
        assert warmline("import", write(tmp_path / "in", interactions=interactions)).code == 0
    assert scalar(database, TIMES) == ["2-9"]
    for interactions in folders:
        again = warmline("import", write(tmp_path / "in", interactions=interactions), "--json").json["files"]
        assert (again["interactions"]["new"], again["interactions"]["changed"]) == (0, 0)


def test_a_first_time_of_parquet_and_of_an_event_with_an_id_is_kept_and_makes_its_user_known(
    warmline: Command, database: Database, tmp_path: Path
) -> None:
    first, last = (pa.array([datetime(2026, 1, day, tzinfo=UTC)], pa.timestamp("us", tz="UTC")) for day in (2, 9))
    columns = {"user_id": ["eve"], "post_id": ["p2"], "kind": ["comment"], "event_id": ["e1"]}
    (tmp_path / "in").mkdir()
    table = pa.table({**columns, "created_at": last, "first_at": first})
    pq.write_table(table, tmp_path / "in" / "interactions.parquet")
    assert warmline("import", str(tmp_path / "in")).code == 0
    assert scalar(database, TIMES) == ["2-9"]
    assert scalar(database, "SELECT extract(day FROM created_at) FROM warmline.users") == 2


def test_a_first_time_after_the_last_one_is_a_bad_row(warmline: Command, database: Database, tmp_path: Path) -> None:
    answer = warmline("import", write(tmp_path / "in", interactions=BOTH + rows_of_days("09-02", "01-03")))
    assert (answer.code, scalar(database, TIMES)) == (1, ["1-3"])
    assert "interactions.csv:2: first_at after created_at: first_at: got '2026-01-09" in answer.err


def test_events_with_ids_of_their_own_stand_beside_each_other(
    warmline: Command, database: Database, tmp_path: Path
) -> None:
    warmline("import", write(tmp_path / "in", interactions=f"{EVENTS}u1,p2,comment,{AT},e1\nu1,p2,comment,{AT},e2\n"))
    assert scalar(database, "SELECT count(*) FROM warmline.interactions") == 2


def test_an_event_id_that_comes_twice_is_one_event(warmline: Command, database: Database, tmp_path: Path) -> None:
    warmline("import", write(tmp_path / "in", interactions=f"{EVENTS}u1,p2,comment,{AT},e1\nu1,p2,comment,{AT},e1\n"))
    assert scalar(database, "SELECT count(*) FROM warmline.interactions") == 1


@pytest.mark.parametrize(("relation", "gone"), [("users", "u1"), ("posts", "p1")])
def test_what_was_erased_does_not_come_back(
    warmline: Command, database: Database, tmp_path: Path, relation: str, gone: str
) -> None:
    bury_in(database, relation, gone)
    assert warmline("import", write(tmp_path / "in", **FILES)).code == 0
    assert scalar(database, f"SELECT count(*) FROM warmline.{relation} WHERE id = :id", id=gone) == 0


def test_nothing_of_an_erased_user_comes_back(warmline: Command, database: Database, tmp_path: Path) -> None:
    bury_in(database, "users", "u1")
    warmline("import", write(tmp_path / "in", **FILES))
    assert counts(database) == (1, 1, 0, 0)  # u2 and p2; the events and the block were u1's


def test_events_and_posts_make_their_users_known(warmline: Command, database: Database, tmp_path: Path) -> None:
    events = "".join(f"eve,p1,{kind},2026-01-{day:02}T00:00:00Z\n" for kind, day in (("like", 9), ("view", 2)))
    folder = write(tmp_path / "in", posts=FILES["posts"], interactions="user_id,post_id,kind,created_at\n" + events)
    bury_in(database, "users", "u2")
    assert warmline("import", folder, "--json").json["users_made_known"] == 2
    known = "SELECT array_agg(id || ' ' || created_at::date ORDER BY id) FROM warmline.users"
    assert scalar(database, known) == ["eve 2026-01-02", "u1 2026-01-31"]


def test_bad_rows_are_named_by_file_and_line_and_the_others_imported(
    warmline: Command, database: Database, tmp_path: Path
) -> None:
    answer = warmline("import", write(tmp_path / "in", users=f"id,created_at\nu1,{AT}\nu2,yesterday\n,{AT}\nu4,{AT}\n"))
    assert answer.code == 1
    assert "2 rows were left out: unreadable time 1, missing value 1" in answer.err
    assert "users.csv:3: unreadable time: created_at: got 'yesterday'" in answer.err
    assert "users.csv:4: missing value: id: got nothing" in answer.err
    assert scalar(database, "SELECT array_agg(id ORDER BY id) FROM warmline.users") == ["u1", "u4"]


def test_twenty_bad_rows_are_shown_and_the_report_has_all(warmline: Command, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", users="id,created_at\n" + "u1,never\n" * 50)
    answer = warmline("import", folder, "--report", str(tmp_path / "bad.csv"))
    assert answer.err.count("users.csv:") == 20
    with (tmp_path / "bad.csv").open() as report:
        rows = list(csv.DictReader(report))
    assert [int(row["line"]) for row in rows] == list(range(2, 52))
    assert {row["reason"] for row in rows} == {"unreadable time"}


def test_the_json_counts_add_up(warmline: Command, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", users=f"id,created_at\nu1,{AT}\nu1,{AT}\nu2,never\n")
    answer = warmline("import", folder, "--json")
    assert answer.json["files"]["users"] == {
        "file": "users.csv", "rows": 3, "new": 1, "changed": 0, "unchanged": 1, "erased": 0, "bad": 1
    }  # fmt: skip
    assert answer.json["bad"] == {"unreadable time": 1}


def test_a_file_without_a_column_stops_everything_before_a_row_is_written(
    warmline: Command, database: Database, tmp_path: Path
) -> None:
    answer = warmline("import", write(tmp_path / "in", users=FILES["users"], blocks="user_id,created_at\n"))
    assert (answer.code, counts(database)) == (2, (0, 0, 0, 0))
    assert "blocks.csv: lacks the column blocked_user_id" in answer.err


def test_an_empty_folder_gives_2(warmline: Command, tmp_path: Path) -> None:
    answer = warmline("import", write(tmp_path / "in"))
    assert answer.code == 2
    assert "got none of these files" in answer.err


def test_a_report_that_cannot_be_written_is_known_before_the_import(
    warmline: Command, database: Database, tmp_path: Path
) -> None:
    answer = warmline("import", write(tmp_path / "in", **FILES), "--report", str(tmp_path / "no" / "bad.csv"))
    assert (answer.code, counts(database)) == (2, (0, 0, 0, 0))
    assert "cannot be written: No such file or directory" in answer.err


def test_users_and_posts_are_refused_where_there_are_views(
    warmline: Command, database: Database, tmp_path: Path
) -> None:
    answer = warmline("import", write(tmp_path / "in", **FILES), source_schema="views")
    assert (answer.code, counts(database)) == (2, (0, 0, 0, 0))
    assert "users and posts come from your views in views" in answer.err


def test_events_and_blocks_are_imported_beside_views(warmline: Command, database: Database, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", interactions=FILES["interactions"], blocks=FILES["blocks"])
    assert warmline("import", folder, source_schema="views").code == 0
    assert counts(database) == (0, 0, 2, 1)


def test_parquet_gives_the_same_rows_as_csv(warmline: Command, database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    at = pa.array([datetime(2026, 1, 31, 12, tzinfo=UTC)], pa.timestamp("ns", tz="UTC"))
    columns = {
        "id": ["p1"],
        "author_id": ["u1"],
        "caption": ["a cat"],
        "image_url": ["https://x/1.jpg"],
        "created_at": at,
    }
    pq.write_table(pa.table({**columns, "deleted_at": pa.nulls(1)}), folder / "posts.parquet")
    assert warmline("import", str(folder)).code == 0
    again = warmline(
        "import", write(tmp_path / "csv", posts="".join(FILES["posts"].splitlines(keepends=True)[:2])), "--json"
    )
    assert again.json["files"]["posts"]["unchanged"] == 1


def test_an_unmigrated_database_is_named(warmline: Command, fresh_database_url: str, tmp_path: Path) -> None:
    answer = warmline("import", write(tmp_path / "in", **FILES), database_url=fresh_database_url)
    assert answer.code == 1
    assert "run `warmline migrate`" in answer.err


def test_155_000_events_take_seconds_not_minutes(warmline: Command, database: Database, tmp_path: Path) -> None:
    users = [str(uuid.UUID(int=number * 7919)) for number in range(1_000)]
    posts = [str(uuid.UUID(int=number * 104_729)) for number in range(1_000)]
    rows = (
        f"{users[n % 1_000]},{posts[n // 155 % 1_000]},{'like' if n % 2 else 'view'},{AT}\n" for n in range(155_000)
    )
    folder = write(tmp_path / "in", interactions="user_id,post_id,kind,created_at\n" + "".join(rows))
    begun = time.monotonic()
    assert warmline("import", folder).code == 0
    seconds = time.monotonic() - begun
    assert scalar(database, "SELECT count(*) FROM warmline.interactions") > 100_000
    assert seconds < 20  # 4 on two quiet cores; a busy machine must not fail the suite
