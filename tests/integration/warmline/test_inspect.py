"""`warmline inspect` on real servers, in the world of ten posts."""

import pytest

from shared.db.engine import Database
from shared.domain import Phase, Reason, Source, author_hash
from shared.ranked_lists import codec
from shared.ranked_lists.codec import RankedList
from shared.ranked_lists.job_store import LEAST_VERSION, JobStore
from shared.ranked_lists.publication import Publication
from tests.integration.warmline.answers import Command
from tests.stores import execute, heuristic_run, scalar
from tests.worlds import NOW, TEN_POSTS, TEN_POSTS_LISTS, write_own_tables
from warmline import screen


@pytest.fixture(autouse=True)
def _published(database: Database, writer: JobStore) -> None:
    """The ten posts, ranked."""
    write_own_tables(database, TEN_POSTS)
    heuristic_run(database, writer)


def publish_neucf(database: Database, writer: JobStore, user: str, post_id: str) -> None:
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


def test_both_phases_stand_side_by_side(warmline: Command, database: Database, writer: JobStore) -> None:
    publish_neucf(database, writer, "ben", "p10")
    lines = warmline("inspect", "ben").out.splitlines()
    assert any("0.625" in line and "0.750" in line and "for_you" in line for line in lines)


def test_the_phase_decides_where_the_page_comes_from(warmline: Command, database: Database, writer: JobStore) -> None:
    publish_neucf(database, writer, "ben", "p10")
    assert warmline("inspect", "ben", "--json").json["served_from"] == "heuristic"
    warmline("phase", "set", "neucf")
    assert warmline("inspect", "ben", "--json").json["served_from"] == "neucf"


def test_before_any_neucf_list_was_published_nobody_is_called_a_cold_user(warmline: Command) -> None:
    warmline("phase", "set", "neucf")
    said = warmline("inspect", "ben").out
    assert "Nobody has a neucf list (`warmline status` says why)" in said
    assert "cold" not in said


def test_a_cold_user_in_neucf_gets_the_heuristic_list(warmline: Command, database: Database, writer: JobStore) -> None:
    publish_neucf(database, writer, "ann", "p10")
    publication = Publication(run=7, at=NOW, lists=1, bytes=10, seconds=1)
    writer.note_publication(Phase.NEUCF, publication, job="score")
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


def test_a_post_that_was_deleted_since_is_marked(warmline: Command, database: Database, writer: JobStore) -> None:
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


@pytest.mark.parametrize(("width", "lines"), [(80, 2), (46, 2), (200, 1)])
def test_lists_stand_one_below_the_other_where_there_is_no_room(
    warmline: Command, database: Database, writer: JobStore, monkeypatch: pytest.MonkeyPatch, width: int, lines: int
) -> None:
    publish_neucf(database, writer, "ben", "p10")
    monkeypatch.setattr(screen, "PIPE_WIDTH", width)
    out = warmline("inspect", "ben").out.splitlines()
    assert max(len(line) for line in out[4:]) <= width + 1 or width == 46  # the head is text, which a terminal wraps
    assert len({number for number, line in enumerate(out) if "generation" in line}) == lines
    assert any("p10 by " in line for line in out)


def test_an_entry_says_what_its_score_is_made_of(warmline: Command) -> None:
    shown = warmline("inspect", "ben", "--json").json["lists"]["heuristic"]["posts"]
    for post in shown:
        parts = post["parts"]
        made = parts["alpha"] * parts["popularity"] + (1 - parts["alpha"]) * parts["recency"]
        assert made == pytest.approx(post["score"], abs=0.001)
    assert all(post["author_id"] for post in shown)


def test_a_score_of_other_settings_has_no_parts(warmline: Command) -> None:
    shown = warmline("inspect", "ben", "--json", alpha="0.01").json["lists"]["heuristic"]["posts"]
    assert shown[0]["parts"] is None


def test_one_post_says_where_it_stands_and_why(warmline: Command, database: Database, writer: JobStore) -> None:
    first = warmline("inspect", "ben", "--post", "p2", "--json").json["post"]
    assert (first["lists"]["heuristic"]["rank"], first["standing"]) == (1, "")
    assert "place 1 of 4" in warmline("inspect", "ben", "--post", "p2").out
    writer.add_deleted(
        [scalar(database, "SELECT row FROM warmline.post_rows WHERE post_id = 'p2'")], version=LEAST_VERSION
    )
    assert "it is deleted or taken down: nobody is shown it" in warmline("inspect", "ben", "--post", "p2").out


def test_a_post_of_a_suspended_author_says_so(warmline: Command, database: Database, writer: JobStore) -> None:
    author = scalar(database, "SELECT author_id FROM warmline.posts WHERE id = 'p2'")
    writer.add_suspended([author_hash(author)], version=LEAST_VERSION)
    assert "its author is suspended: nobody is shown it" in warmline("inspect", "ben", "--post", "p2").out


@pytest.mark.parametrize(
    ("user", "post", "says"),
    [
        ("ben", "nowhere", "not among the posts"),
        ("cat", "HIDDEN", "the user has hidden it"),
        ("AUTHOR", "p2", "it is the user's own"),
        ("ann", "BLOCKED", "have blocked one another"),
    ],
)
def test_a_post_that_is_withheld_says_by_what(
    warmline: Command, database: Database, user: str, post: str, says: str
) -> None:
    named = {
        "HIDDEN": "SELECT post_id FROM warmline.interactions WHERE kind = 'hide' AND user_id = 'cat'",
        "AUTHOR": "SELECT author_id FROM warmline.posts WHERE id = 'p2'",
        "BLOCKED": "SELECT id FROM warmline.posts JOIN warmline.post_rows ON post_id = id WHERE author_id = 'dan'",
    }
    user, post = (scalar(database, named[word]) if word in named else word for word in (user, post))
    assert says in warmline("inspect", user, "--post", post).out


def test_an_id_that_is_none_is_refused(warmline: Command) -> None:
    answer = warmline("inspect", "ben", "--post", "x" * 129)
    assert (answer.code, answer.err.startswith("--post: got ")) == (2, True)
