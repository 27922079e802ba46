"""How often a team's view of events is asked."""

from datetime import timedelta

import pytest

from shared.live.view_poll import rest_after


@pytest.mark.parametrize(("took", "rest"), [(0.0, 2.0), (0.1, 2.0), (3.0, 30.0), (60.0, 600.0)])
def test_a_view_is_left_alone_for_ten_times_as_long_as_it_took(took: float, rest: float) -> None:
    assert rest_after(timedelta(seconds=took), timedelta(seconds=2)) == timedelta(seconds=rest)
