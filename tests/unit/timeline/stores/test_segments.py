"""What a viewer may be shown of whole lists, against the one rule asked post by post."""

from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from shared.domain import Reason
from shared.eligibility import Viewer, may_show
from shared.ranked_lists.catalogue import Catalogue
from shared.ranked_lists.codec import pack_entry, rows_of
from shared.ranked_lists.records import CatalogueEntry
from timeline.stores.segments import MANY, VisibilityFilter, segment_of

ROWS = st.lists(st.integers(1, 60), max_size=60)
SETS = st.frozensets(st.integers(1, 60), max_size=30)
AUTHORS = st.frozensets(st.integers(0, 9))
OTHERS = st.sampled_from([frozenset[int](), frozenset(range(100, 100 + MANY))])  # with or without many of no account


def _packed(rows: list[int]) -> bytes:
    return b"".join(pack_entry(row, Reason.RECENT, place / 100) for place, row in enumerate(rows))


def _permitted(unknown: frozenset[int], deleted: frozenset[int], viewer: Viewer) -> VisibilityFilter:
    catalogue = Catalogue(cast(Any, None))
    catalogue.add(CatalogueEntry(row, f"p{row}", row % 10) for row in range(1, 61) if row not in unknown)
    return VisibilityFilter(catalogue, deleted, viewer)


@given(ROWS, SETS, SETS, SETS, AUTHORS, OTHERS)
def test_it_lets_pass_what_the_rule_does_and_what_nobody_knows(
    rows: list[int], unknown: frozenset[int], deleted: frozenset[int], posts: frozenset[int],
    authors: frozenset[int], others: frozenset[int],
) -> None:  # fmt: skip
    viewer, segment = Viewer(hidden_authors=authors | others, hidden_posts=posts), segment_of([_packed(rows)])
    permitted = _permitted(unknown, deleted, viewer)
    shown = {
        row for row in rows
        if row not in deleted and row not in posts
        and (row in unknown or may_show(viewer, row=row, author=row % 10))
    }  # fmt: skip
    assert permitted.of_segment(segment) - permitted.few_of(segment) == shown
    assert {*rows} - permitted.withheld(rows) == shown
    assert permitted.of_rows(rows) == ({*rows} if permitted.has_few else shown)


@given(ROWS, SETS)
def test_of_a_post_that_comes_twice_the_first_entry_stays(rows: list[int], without: frozenset[int]) -> None:
    segment, places = segment_of([_packed(rows)], without=without), dict[int, int]()
    for place, row in enumerate(rows):
        if row not in without:
            places.setdefault(row, place)
    assert segment.packed == b"".join(_packed(rows)[6 * place :][:6] for place in places.values())
    assert [*segment.index] == [*places] == rows_of(segment.packed)


@given(ROWS, SETS)
def test_where_a_few_stand_is_where_all_do(rows: list[int], some: frozenset[int]) -> None:
    sought = some.intersection(rows)
    found, index = segment_of([_packed(rows)]).places(sought), segment_of([_packed(rows)]).index
    assert [found[row] for row in sought] == [index[row] for row in sought]


@given(ROWS, SETS, SETS)
def test_what_is_deleted_later_is_left_out_as_well(
    rows: list[int], first: frozenset[int], later: frozenset[int]
) -> None:
    segment = segment_of([_packed(rows)])
    assert segment.living(first) == {*rows} - first
    assert segment.living(later) == {*rows} - later
