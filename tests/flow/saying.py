"""What tests of mutes, preferences and takedowns have in common: who asks, on two timelines, and what is shown."""

from collections.abc import Iterator
from contextlib import contextmanager

from starlette.testclient import TestClient

from tests.flow.deployment import (
    ADMIN_TOKEN,
    API_KEY,
    COLD,
    Deployment,
    JsonObject,
    ask,
    eventually,
    ids,
    posts_of,
    until_ready,
)

BACKEND = {"Authorization": f"Bearer {API_KEY}"}
OPERATOR = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
SELDOM = 60.0  # seconds between looks at the stores: a page has to find out for itself
# Posts that `describe_posts` gives a tag, a word, a language and a flag.
CATS, SPOILED, GERMAN, SENSITIVE = ({f"p{number:02}" for number in range(start, 90, 9)} for start in (1, 2, 3, 4))
# What somebody says, and what it withholds.
SAYS: dict[str, tuple[JsonObject, set[str]]] = {
    "tag": ({"mute": {"tag": "#CATS"}}, CATS),
    "word": ({"mute": {"word": "Spoiler"}}, SPOILED),
    "post": ({"mute": {"post": "p33"}}, {"p33"}),
    "author": ({"mute": {"author": "author7"}}, posts_of("author7")),
    "languages": ({"languages": ["en-GB", "fr"]}, GERMAN),
    "sensitive": ({"sensitive": "hide"}, SENSITIVE),
}


def describe_posts(deployment: Deployment) -> None:
    """Give some of the posts tags, a word, a language, a flag; as the team does it, in either data mode."""
    schema = deployment.source_schema
    table = f"{schema}.their_posts" if schema else "warmline.posts"
    for change, posts in (
        ("tags = ARRAY['pets', 'Cats']", CATS),
        ("caption = 'No SPOILER, please'", SPOILED),
        ("language = 'de-AT'", GERMAN),
        ("sensitive = true", SENSITIVE),
    ):
        deployment.sql(f"UPDATE {table} SET {change} WHERE id = ANY(%s)", [(sorted(posts),)])


def say(client: TestClient, user: str, body: JsonObject) -> JsonObject:
    """Say something, or choose a setting."""
    if body.keys() & {"more", "less", "mute"}:
        answer = client.post(f"/users/{user}/preferences", json=body, headers=BACKEND)
        assert answer.status_code in (201, 202), answer.text
        return dict(answer.json())
    answer = client.put(f"/users/{user}/preferences", json=body, headers=BACKEND)
    assert answer.status_code in (202, 204), answer.text
    return {}


def undo(client: TestClient, user: str, said: JsonObject) -> None:
    """Take one thing back; a setting, to its default."""
    if "preference_id" in said:
        path = f"/users/{user}/preferences/{said['preference_id']}"
        assert client.delete(path, headers=BACKEND).status_code == 204
    else:
        say(client, user, {"languages": [], "sensitive": "show", "personalised": True})


def shown(client: TestClient, user: str = COLD) -> set[str]:
    """A whole chain in one page."""
    return set(ids(ask(client, user, limit=100)))


@contextmanager
def two_timelines(deployment: Deployment, *, phase: str | None = None) -> Iterator[tuple[TestClient, TestClient]]:
    """Two processes, the first of which looks at the stores seldom; in this phase, for `COLD`."""
    with deployment.timeline(refresh_seconds=SELDOM) as one, deployment.timeline() as other:
        until_ready(one, other)
        if phase is not None:
            assert one.put("/admin/phase", json={"phase": phase}, headers=OPERATOR).status_code == 200
            eventually(lambda: ask(other, COLD, limit=1)["source"] == phase, "the phase is known")
        yield one, other
