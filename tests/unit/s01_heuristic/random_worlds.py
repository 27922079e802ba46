"""Worlds that hypothesis makes up: few names, so that users, posts and authors meet often."""

from hypothesis import strategies as st

from shared.domain import InteractionKind
from tests.worlds import Event, Post, World

USERS = ("ann", "ben", "cat", "dan", "eve")
_ages = st.sampled_from([-1.0, -0.05, 0.0, 1.0, 5.0, 24.0, 24.0, 100.0, 400.0])
_posts = st.lists(
    st.builds(
        Post,
        id=st.integers(0, 30).map(lambda number: f"p{number}"),
        author=st.sampled_from(USERS),
        age_hours=_ages,
        deleted=st.booleans(),
    ),
    max_size=20,
    unique_by=lambda post: post.id,
)
_events = st.lists(
    st.builds(
        Event,
        user=st.sampled_from(USERS),
        post=st.integers(0, 30).map(lambda number: f"p{number}"),
        kind=st.sampled_from(list(InteractionKind)),
        age_hours=_ages,
    ),
    max_size=60,
)
_blocks = st.lists(st.tuples(st.sampled_from(USERS), st.sampled_from(USERS)), max_size=4)

worlds = st.builds(World, users=st.just(USERS), posts=_posts, events=_events, blocks=_blocks)
