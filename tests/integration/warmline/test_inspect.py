"""`warmline inspect` on real servers, in the world of ten posts."""

import pytest

from shared.db.engine import Database
from shared.domain import Phase, Reason, Source
from shared.ranked_lists import codec
from shared.ranked_lists.codec import RankedList
from shared.ranked_lists.publish import LEAST_VERSION, ListWriter
from tests.integration.warmline.answers import Command
from tests.stores import execute, heuristic_run, scalar
from tests.worlds import NOW, TEN_POSTS, TEN_POSTS_LISTS, write_own_tables


@pytest.fixture(autouse=True)
def _published(database: Database, writer: ListWriter) -> None:
    """The ten posts, ranked."""
    write_own_tables(database, TEN_POSTS)
    heuristic_run(database, writer)


def publish_neucf(database: Database, writer: ListWriter, user: str, post_id: str) -> None:
    """A NeuCF list of one post."""
    row = scalar(database, "SELECT row FROM warmline.post_rows WHERE post_id = :id", id=post_id)
    entries = codec.pack_entry(row, Reason.FOR_YOU, 0.75)
    ranked = RankedList(source=Source.NEUCF, generation=7, generated_at=NOW, entries=entries)
    writer.publish_lists([(user, codec.encode(ranked))], phase=Phase.NEUCF, job="score", run=7)


@pytest.mark.parametrize("user", sorted(TEN_POSTS_LISTS))
def test_the_list_is_the_one_worked_out_on_paper(warmline: Command, user: str) -> None:
    shown = warmline("inspect", user, "--json").json["lists"]["heuristic"]["posts"]
    assert tuple(post["post_id"] for post in shown) == TEN_POSTS_LISTS[user]


def test_an_entry_has_rank_score_reason_caption_and_time(warmline: Command) -> None:
    first = warmline("inspect", "ben", "--json").json["lists"]["heuristic"]["posts"][0]
    assert {name: first[name] for name in ("rank", "post_id", "score", "reason", "caption")} == {
        "rank": 1, "post_id": "p2", "score": 0.625, "reason": "popular", "caption": "a photo"
    }  # fmt: skip


def test_the_limit_shortens_each_list(warmline: Command) -> None:
    assert len(warmline("inspect", "ben", "--limit", "2", "--json").json["lists"]["heuristic"]["posts"]) == 2


def test_both_phases_stand_side_by_side(warmline: Command, database: Database, writer: ListWriter) -> None:
    publish_neucf(database, writer, "ben", "p10")
    lines = warmline("inspect", "ben").out.splitlines()
    assert any("0.625" in line and "0.750" in line and "for_you" in line for line in lines)


def test_the_phase_decides_where_the_page_comes_from(warmline: Command, database: Database, writer: ListWriter) -> None:
    publish_neucf(database, writer, "ben", "p10")
    assert warmline("inspect", "ben", "--json").json["served_from"] == "heuristic"
    warmline("phase", "set", "neucf")
    assert warmline("inspect", "ben", "--json").json["served_from"] == "neucf"


def test_a_cold_user_in_neucf_gets_the_heuristic_list(warmline: Command) -> None:
    warmline("phase", "set", "neucf")
    assert (
        "No neucf list (a cold user?): the next first page comes from the heuristic list"
        in warmline("inspect", "ben").out
    )


def test_what_is_withheld_is_counted(warmline: Command) -> None:
    withheld = warmline("inspect", "cat", "--json").json["withheld"]
    assert (withheld["hidden_authors"], withheld["hidden_posts"], withheld["seen_by_events"]) == (0, 1, 2)


def test_a_block_is_counted_for_both(warmline: Command) -> None:
    assert [warmline("inspect", user, "--json").json["withheld"]["hidden_authors"] for user in ("ann", "dan")] == [1, 1]


def test_a_post_that_was_deleted_since_is_marked(warmline: Command, database: Database, writer: ListWriter) -> None:
    writer.add_deleted(
        [scalar(database, "SELECT row FROM warmline.post_rows WHERE post_id = 'p2'")], version=LEAST_VERSION
    )
    shown = warmline("inspect", "ben", "--json").json["lists"]["heuristic"]["posts"]
    assert {post["post_id"]: post["standing"] for post in shown} == {"p2": "deleted", "p5": "", "p10": "", "p6": ""}


def test_a_user_without_a_list_gets_everyones(warmline: Command) -> None:
    answer = warmline("inspect", "nobody")
    assert "they get everyone's list" in answer.out
    assert "not among the users" in answer.out
    assert "everyone: 8 posts" in answer.out


def test_a_caption_is_no_markup_and_moves_no_cursor(warmline: Command, database: Database) -> None:
    execute(database, "UPDATE warmline.posts SET caption = E'[red]x[/nothing]\\x1b[2J' WHERE id = 'p2'")
    out = warmline("inspect", "ben").out
    assert "[red]x[/nothing] [2J" in out
    assert "\x1b" not in out


def test_a_redis_that_does_not_answer_is_named(warmline: Command) -> None:
    answer = warmline("inspect", "ben", redis_url="redis://:s3cret@127.0.0.1:1/0")
    assert answer.code == 1
    assert "Redis at 127.0.0.1:1/0 does not answer" in answer.err
    assert "s3cret" not in answer.err


@pytest.mark.parametrize("moment", ["'0044-03-15 12:00:00 BC'", "'-infinity'", "'20000-01-01'"])
def test_a_post_or_user_with_an_odd_date_is_shown(warmline: Command, database: Database, moment: str) -> None:
    for relation, name in (("posts", "p2"), ("users", "ben")):
        execute(database, f"UPDATE warmline.{relation} SET created_at = {moment} WHERE id = '{name}'")
    assert warmline("inspect", "ben").code == 0
    assert "p2" in warmline("inspect", "ben", "--json").out
