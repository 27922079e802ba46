"""What a viewer may be shown of whole lists, compared with the rule applied post by post."""

from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from shared.domain import Reason
from shared.eligibility import Viewer, may_show
from shared.ranked_lists.catalogue import Catalogue
from shared.ranked_lists.codec import pack_entry, post_numbers_of
from shared.ranked_lists.records import CatalogueEntry
from timeline.stores.segments import MANY, VisibilityFilter, merge_lists

ROWS = st.lists(st.integers(1, 60), max_size=60)
SETS = st.frozensets(st.integers(1, 60), max_size=30)
AUTHORS = st.frozensets(st.integers(0, 9))
OTHERS = st.sampled_from([frozenset[int](), frozenset(range(100, 100 + MANY))])  # with or without many irrelevant ones


def _packed(numbers: list[int]) -> bytes:
    return b"".join(pack_entry(number, Reason.RECENT, offset / 100) for offset, number in enumerate(numbers))


def _visibility(unknown: frozenset[int], deleted: frozenset[int], viewer: Viewer) -> VisibilityFilter:
    catalogue = Catalogue(cast(Any, None))
    catalogue.add(CatalogueEntry(number, f"p{number}", number % 10) for number in range(1, 61) if number not in unknown)
    return VisibilityFilter(catalogue, deleted, viewer)


@given(ROWS, SETS, SETS, SETS, AUTHORS, OTHERS)
def test_it_lets_pass_what_the_rule_allows_and_unknown_posts(
    numbers: list[int], unknown: frozenset[int], deleted: frozenset[int], posts: frozenset[int],
    authors: frozenset[int], others: frozenset[int],
) -> None:  # fmt: skip
    viewer, indexed = Viewer(hidden_authors=authors | others, hidden_posts=posts), merge_lists([_packed(numbers)])
    visibility = _visibility(unknown, deleted, viewer)
    shown = {
        number for number in numbers
        if number not in deleted and number not in posts
        and (number in unknown or may_show(viewer, post_number=number, author=number % 10))
    }  # fmt: skip
    assert visibility.candidates_in(indexed) - visibility.few_hidden_in(indexed) == shown
    assert {*numbers} - visibility.hidden_of(numbers) == shown
    assert visibility.candidates_of(numbers) == ({*numbers} if visibility.hides_few else shown)


@given(ROWS, SETS)
def test_of_a_post_that_comes_twice_the_first_entry_stays(numbers: list[int], without: frozenset[int]) -> None:
    indexed, offsets = merge_lists([_packed(numbers)], without=without), dict[int, int]()
    for offset, number in enumerate(numbers):
        if number not in without:
            offsets.setdefault(number, offset)
    assert indexed.packed == b"".join(_packed(numbers)[6 * offset :][:6] for offset in offsets.values())
    assert [*indexed.index] == [*offsets] == post_numbers_of(indexed.packed)


@given(ROWS, SETS)
def test_the_offsets_of_a_few_are_those_in_the_index(numbers: list[int], few: frozenset[int]) -> None:
    sought = few.intersection(numbers)
    found, index = merge_lists([_packed(numbers)]).offsets(sought), merge_lists([_packed(numbers)]).index
    assert [found[number] for number in sought] == [index[number] for number in sought]


@given(ROWS, SETS, SETS)
def test_posts_that_are_deleted_later_are_left_out_as_well(
    numbers: list[int], first: frozenset[int], later: frozenset[int]
) -> None:
    indexed = merge_lists([_packed(numbers)])
    assert indexed.without_deleted(first) == {*numbers} - first
    assert indexed.without_deleted(later) == {*numbers} - later
