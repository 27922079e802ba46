"""What viewers say, in any order among all else that may happen: the machine of `test_any_order`, which speaks, too.

The model is a few sets: of each user, what they have said last of each author, tag, word and post, and their settings.
"""

from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule, run_state_machine_as_test

from demo.valkey import Valkey
from tests.flow import test_any_order
from tests.flow.deployment import (
    AUTHORS,
    POSTS,
    Deployment,
    JsonObject,
    ask,
    author_of,
    eventually,
    ids,
    posts_of,
    until_ready,
)
from tests.flow.saying import (
    BACKEND,
    CATS,
    GERMAN,
    SENSITIVE,
    SPOILED,
    describe_posts,
    say,
)
from tests.flow.test_any_order import FOLLOWS, READERS, Timelines

EXAMPLES = 10
WATCHER = "watcher"  # says things while Redis refuses writes; what they are served is not on record then
LATER = "2999-01-01T00:00:00Z"
# What may be named, in more than one spelling, and the posts that it is about.
TARGETS: dict[tuple[str, str], set[str]] = {
    **{("author", author): posts_of(author) for author in AUTHORS[6:9]},
    **{("post", post): {post} for post in ("p03", "p33", "p66")},
    ("tag", "cats"): CATS,
    ("tag", "#Pets"): CATS,
    ("word", "SPOILER"): SPOILED,
    ("word", "no spoiler"): SPOILED,
    ("tag", "spoiler"): set(),
    ("word", "spoil"): set(),
}
SAYINGS = st.tuples(st.sampled_from(["more", "less", "mute"]), st.sampled_from(sorted(TARGETS)))
SETTINGS: tuple[JsonObject, ...] = (
    {"languages": ["en"]}, {"languages": ["de-CH"]}, {"languages": []}, {"sensitive": "hide"}, {"sensitive": "show"},
    {"personalised": False}, {"personalised": True},
)  # fmt: skip


@dataclass
class Said:
    """What one user has said, as they know it."""

    says: dict[tuple[str, str], str] = field(default_factory=dict)
    ids: dict[tuple[str, str], str] = field(default_factory=dict)
    settings: JsonObject = field(default_factory=dict)

    def withheld(self) -> set[str]:
        found = set[str]()
        for target, word in self.says.items():
            found |= TARGETS[target] if word == "mute" else set()
        if self.settings.get("languages") == ["en"]:
            found |= GERMAN
        if self.settings.get("sensitive") == "hide":
            found |= SENSITIVE
        return found

    @property
    def is_personalised(self) -> bool:
        return bool(self.settings.get("personalised", True))


class Sayings(Timelines):
    """The same two processes; viewers say things, take them back, or let them end."""

    valkey: Valkey

    def __init__(self) -> None:
        for table in ("mutes", "preferences", "viewer_settings"):
            self.deployment.sql(f"DELETE FROM warmline.{table}")
        self.said: dict[str, Said] = {}
        super().__init__()

    @rule(user=READERS, saying=SAYINGS, ends=st.booleans())
    def say(self, user: str, saying: tuple[str, tuple[str, str]], ends: bool) -> None:
        """By the API; what was said of the same before is replaced."""
        word, target = saying
        if target == ("author", user):
            return
        if target[1] in self.deleted:  # nothing can be said of it any more
            path = f"/users/{user}/preferences"
            assert self._client().post(path, json={word: dict([target])}, headers=BACKEND).status_code == 409
            return
        before = self._eligible(user, "for_you")
        body: JsonObject = {word: dict([target])} | ({"expires_at": LATER} if ends else {})
        answer = say(self._client(), user, body)
        assert "pending" not in answer
        said = self._of(user)
        said.says[target], said.ids[target] = word, answer["preference_id"]
        self._may_grow(user, before)

    @rule(user=READERS, chosen=st.sampled_from(SETTINGS))
    def choose(self, user: str, chosen: JsonObject) -> None:
        """A setting, by the API."""
        before, said = self._eligible(user, "for_you"), self._of(user)
        say(self._client(), user, chosen)
        said.settings |= chosen
        if "personalised" in chosen:
            self._drop_scrolls(user)  # it goes on in everyone's list
        self._may_grow(user, before)

    @precondition(lambda self: any(said.says for said in self.said.values()))
    @rule(data=st.data(), how=st.sampled_from(["undo", "expire", "reset"]))
    def take_back(self, data: st.DataObject, how: str) -> None:
        """One thing, by hand or because its time is over; or everything."""
        user = data.draw(st.sampled_from(sorted(user for user, said in self.said.items() if said.says)))
        said, client, before = self.said[user], self._client(), self._eligible(user, "for_you")
        target = data.draw(st.sampled_from(sorted(said.says)))
        path = f"/users/{user}/preferences"
        if how == "reset":
            assert client.delete(path, headers=BACKEND).status_code == 204
            if not said.is_personalised:
                self._drop_scrolls(user)
            self.said[user] = Said()
        else:
            number = said.ids.pop(target)
            del said.says[target]
            if how == "undo":
                assert client.delete(f"{path}/{number}", headers=BACKEND).status_code == 204
            else:
                self._expire(number)
        self._may_grow(user, before)
        listed = client.get(path, headers=BACKEND).json()["preferences"]
        assert {each["preference_id"] for each in listed} == set(self.said[user].ids.values())

    @rule(saying=SAYINGS, chosen=st.sampled_from(SETTINGS))
    def say_while_redis_refuses_writes(self, saying: tuple[str, tuple[str, str]], chosen: JsonObject) -> None:
        """It is durable, each process obeys at once, and goes on when Redis takes writes again."""
        word, target = saying
        if target[1] in self.deleted:
            return
        said = self._of(WATCHER)
        with self.deployment.redis() as redis:
            redis.replicaof("127.0.0.1", "1")
            try:
                answer = say(self._client(), WATCHER, {word: dict([target])})
                say(self._client(), WATCHER, chosen)
                said.says[target], said.ids[target] = word, answer["preference_id"]
                said.settings |= chosen
                for client in self.clients:
                    self._check_watcher(ask(client, WATCHER, limit=100))
            finally:
                redis.replicaof("NO", "ONE")
        for client in self.clients:
            eventually(lambda client=client: "degraded" not in ask(client, "nobody"), "whole")  # type: ignore[misc]
            self._check_watcher(ask(client, WATCHER, limit=100))

    def _check_watcher(self, page: JsonObject) -> None:
        assert set(ids(page)) <= self._eligible(WATCHER, "for_you")
        self._check_source(WATCHER, page)

    def _check_source(self, user: str, page: JsonObject) -> None:
        if not self._of(user).is_personalised:
            assert page["source"] not in ("neucf", "heuristic"), "not personalised"

    def _drop_scrolls(self, user: str) -> None:
        self.scrolls = {key: scroll for key, scroll in self.scrolls.items() if scroll.user != user}

    def _eligible(self, user: str, mode: str) -> set[str]:
        return super()._eligible(user, mode) - self._of(user).withheld()

    def _take(self, scroll: "test_any_order.Scroll", page: JsonObject, limit: int) -> None:
        self._check_source(scroll.user, page)
        super()._take(scroll, page, limit)

    def _of(self, user: str) -> Said:
        return self.said.setdefault(user, Said())

    def _may_grow(self, user: str, before: set[str]) -> None:
        """A chain under way need not take in again what is shown again."""
        if not self._eligible(user, "for_you") <= before:
            self._drop_scrolls(user)

    def _expire(self, number: str) -> None:
        for table in ("mutes", "preferences"):
            self.deployment.sql(f"UPDATE warmline.{table} SET expires_at = now() WHERE id = %s", [(number,)])
        left = "SELECT 1 FROM warmline.{} WHERE expires_at <= now()"
        eventually(
            lambda: (
                not any(self.deployment.sql(left.format(table)) for table in ("mutes", "preferences"))
                and not self.deployment.sql("SELECT 1 FROM warmline.safety_outbox")
            ),
            "it has ended",
        )


@pytest.fixture
def described(fragile_deployment: Deployment) -> Deployment:
    describe_posts(fragile_deployment)
    fragile_deployment.run_heuristic()
    return fragile_deployment


def test_what_viewers_say_holds_in_any_order_of_events(described: Deployment, second_valkey: Valkey) -> None:
    with described.timeline() as one, described.timeline() as other:
        until_ready(one, other)
        described.sql("INSERT INTO warmline.follows (user_id, author_id) VALUES (%s, %s)", FOLLOWS)
        Sayings.deployment, Sayings.clients, Sayings.valkey = described, (one, other), second_valkey
        Sayings.authors = {post: author_of(post) for post in POSTS}
        run_state_machine_as_test(
            Sayings,
            settings=settings(
                max_examples=EXAMPLES, stateful_step_count=20, deadline=None,
                suppress_health_check=list(HealthCheck),
                phases=[Phase.explicit, Phase.generate], print_blob=False,
            ),
        )  # fmt: skip
