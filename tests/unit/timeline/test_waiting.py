"""Posts that wait, by what they are alike in, against the plain definition: one by one, in their order."""

from hypothesis import given
from hypothesis import strategies as st

from shared.ranked_lists.records import CatalogueEntry
from shared.spacing import Spacing, spaced
from timeline.waiting import Waiting

CARDS = st.lists(
    st.builds(CatalogueEntry, st.integers(1, 99), st.just("p"), st.integers(1, 3), st.integers(0, 2)), max_size=30
)


@given(CARDS, CARDS)
def test_posts_that_wait_come_in_the_order_of_the_plain_definition(
    before: list[CatalogueEntry], cards: list[CatalogueEntry]
) -> None:
    waiting, spacing, order = Waiting(), Spacing(before), list[int]()
    waiting.extend((place, card, b"") for place, card in enumerate(cards))
    while waiting:
        found = waiting.pop_fitting(spacing) or waiting.pop_least_bad(spacing)
        assert found is not None
        spacing.take(found[1])
        order.append(found[0])
    assert order == spaced(cards, before=before)


def test_nobody_waits_at_first() -> None:
    assert not Waiting()
    assert Waiting().pop_fitting(Spacing()) is None
    assert Waiting().pop_least_bad(Spacing()) is None
