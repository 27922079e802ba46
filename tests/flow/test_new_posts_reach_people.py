"""Promise 6 in small, on real servers, by the benchmark's own steps: new posts stand in enough people's first fifty."""

import pytest
import redis

from benchmarks.new_posts.__main__ import show
from benchmarks.new_posts.ask import FirstPages
from benchmarks.new_posts.world import Size
from shared.domain import Phase
from shared.settings import NewPostSettings

SIZE = Size(users=200, posts=600, events=6_000, new=20)
SETTINGS = NewPostSettings()


@pytest.fixture(scope="module")
def found(database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> dict[Phase, FirstPages]:
    with redis.Redis.from_url(redis_url) as client:
        client.flushdb()  # what other tests left there is another installation's
    pages = show(database_url, redis_url, tmp_path_factory.mktemp("new-posts"), SIZE, SETTINGS)
    return {each.phase: each for each in pages}


@pytest.mark.parametrize("phase", Phase)
def test_new_posts_stand_in_enough_first_fifties_after_one_run(found: dict[Phase, FirstPages], phase: Phase) -> None:
    counts = [found[phase].lists[f"new{number}"] for number in range(1, SIZE.new + 1)]
    assert sum(count >= SETTINGS.new_post_viewers for count in counts) >= 0.95 * SIZE.new


@pytest.mark.parametrize("phase", Phase)
def test_the_pages_are_of_the_phase(found: dict[Phase, FirstPages], phase: Phase) -> None:
    assert found[phase].sources == {phase.value: SIZE.users}
