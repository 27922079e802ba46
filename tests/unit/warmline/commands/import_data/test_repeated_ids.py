"""Rows of one id that differ are found, wherever they stand."""

from collections.abc import Sequence

from warmline.commands.import_data.repeated_ids import SHOWN, RepeatedIds, RowsById


def repeated(relation: str, *rows: Sequence[str | None]) -> RepeatedIds:
    """Of a file whose header is line 1."""
    by_id = RowsById(relation)
    for line, row in enumerate(rows, start=2):
        by_id.add(line, row)
    return by_id.repeated()


def test_rows_that_differ_are_named_by_their_lines() -> None:
    assert repeated("users", ("u1", "a"), ("u2", "a"), ("u1", "b")) == RepeatedIds(count=1, lines=[(2, 4)])


def test_rows_that_are_the_same_are_no_matter() -> None:
    assert repeated("users", ("u1", "a"), ("u1", "a"), ("u2", "a")).count == 0


def test_an_id_is_counted_once_by_the_first_row_that_differs() -> None:
    rows = [("u1", "a"), ("u1", "a"), ("u1", "b"), ("u1", "c"), ("u1", "a")]
    assert repeated("users", *rows) == RepeatedIds(count=1, lines=[(3, 4)])


def test_of_many_the_first_are_shown() -> None:
    found = repeated("users", *((f"u{n % 50}", str(n)) for n in range(100)))
    assert (found.count, len(found.lines), found.lines[0]) == (50, SHOWN, (2, 52))


def test_of_events_only_those_with_an_id_of_their_own_can_repeat_one() -> None:
    event = ("u", "p", "like", "now", None)
    assert repeated("interactions", event, (*event[:3], "later", None)).count == 0
    assert repeated("interactions", (*event[:4], "e1"), (*event[:3], "later", "e1")).count == 1


def test_a_block_has_no_id() -> None:
    assert repeated("blocks", ("a", "b", "now"), ("a", "b", "later")).count == 0
