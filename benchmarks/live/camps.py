"""A world whose truth is known: people who like cats and people who like cars, and a model that was trained on them.

A few posts of the cats' camp are of frogs: near to each other, and to nothing else. Posts have captions and no photos.
"""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from benchmarks.new_posts.jobs import CONTENT
from s02_train_neucf import job as training
from s02_train_neucf.learning.recipe import Recipe
from s02_train_neucf.settings import TrainSettings
from shared.db.engine import Database
from shared.db.models import promote_model
from shared.db.runs import claim_run, finish_run, request_run
from shared.settings import HeuristicSettings, ListSettings, ModelSettings, WindowSettings

CAMPS = ("cat", "car")
PEOPLE, POSTS, FROGS, LIKES = 60, 40, 6, 12  # of each camp; of the posts; likes of each person
WANDERERS, FEW = 20, 4  # of the cats' people, the first ones: they have liked so few
NEW = 10  # posts of each camp that come later
FANS = 20  # of the cats' people, the last ones: they like frogs
SHORT = Recipe(epochs=6, steps_per_epoch=10, batch_users=60, learning_rate=0.016, members=1)  # enough for two camps
_WHAT = {
    "cat": ("a sleepy kitten", "my old cat", "two grey cats", "a cat with wool", "the kitten's milk"),
    "car": ("a fast sports car", "an old truck", "the engine of my car", "racing cars", "a red van"),
}
_WHERE = ("on the sofa", "in the sun", "at night", "near the road", "in the garden", "at home", "in the rain")


def people_of(camp: str) -> list[str]:
    """Its people."""
    return [f"{camp}-lover-{number}" for number in range(PEOPLE)]


def posts_of(camp: str) -> list[str]:
    """Its posts, without frogs and new ones."""
    return [f"{camp}-{number}" for number in range(POSTS)]


def frogs() -> list[str]:
    """The posts of frogs."""
    return [f"frog-{number}" for number in range(FROGS)]


def new_posts_of(camp: str) -> list[str]:
    """The posts that come later."""
    return [f"{camp}-new-{number}" for number in range(NEW)]


def build(database: Database, *, seed: int) -> None:
    """Fill the tables."""
    rng, now = random.Random(seed), datetime.now(UTC)  # noqa: S311 - repeatable
    people = [person for camp in CAMPS for person in people_of(camp)]
    events = []
    for camp in CAMPS:
        for number, person in enumerate(people_of(camp)):
            n_likes = FEW if (camp, number < WANDERERS) == ("cat", True) else LIKES
            for post in rng.sample(posts_of(camp), n_likes):
                at = now - timedelta(hours=rng.uniform(1, 150))
                events += [(person, post, "view", at), (person, post, "like", at + timedelta(seconds=5))]
    for number, frog in enumerate(frogs()):  # some are popular and others are not: they stand apart in all lists
        for person in people_of("cat")[-FANS:][: number * FANS // FROGS]:
            events.append((person, frog, "like", now - timedelta(hours=rng.uniform(1, 29))))
    _insert(database, "users (id, created_at)", [(person, now - timedelta(days=9)) for person in people])
    old = now - timedelta(days=8)
    posts = [(post, _author(camp, rng), _caption(camp, rng), old) for camp in CAMPS for post in posts_of(camp)]
    lately = now - timedelta(hours=30)  # too old for a reserved slot, and high in the lists of phase 1
    posts += [(post, _author("cat", rng), "a green frog in a pond", lately) for post in frogs()]
    _insert(database, "posts (id, author_id, caption, created_at)", posts)
    _insert(database, "interactions (user_id, post_id, kind, created_at)", events)


def add_new_posts(database: Database, *, seed: int) -> None:
    """Add the posts that come later, of both camps."""
    rng, now = random.Random(seed), datetime.now(UTC)  # noqa: S311 - repeatable
    posts = [(post, _author(camp, rng), _caption(camp, rng), now) for camp in CAMPS for post in new_posts_of(camp)]
    _insert(database, "posts (id, author_id, caption, created_at)", posts)


def train(database: Database, folder: Path) -> None:
    """Train a small model and promote it, whatever the gate says of so small a world."""
    settings = training.JobSettings(
        train=TrainSettings(), model=ModelSettings(model_dir=folder), content=CONTENT, formula=HeuristicSettings(),
        lists=ListSettings(), window=WindowSettings(), recipe=SHORT, mirror=None,
    )  # fmt: skip
    request_run(database, training.JOB, by="benchmark")
    run = claim_run(database, training.JOB, worker="benchmark")
    assert run is not None
    report = training.run_training(database, settings, run, datetime.now(UTC))
    finish_run(database, run, report=report)
    promote_model(database, report["model"], by="benchmark", override=True)


def _author(camp: str, rng: random.Random) -> str:
    return f"{camp}-author-{rng.randrange(20)}"


def _caption(camp: str, rng: random.Random) -> str:
    return f"{rng.choice(_WHAT[camp])} {rng.choice(_WHERE)}"


def _insert(database: Database, into: str, rows: Sequence[Sequence[object]]) -> None:
    names = [f":v{number}" for number in range(len(rows[0]))]
    query = f"INSERT INTO warmline.{into} VALUES ({', '.join(names)}) ON CONFLICT DO NOTHING"
    values = [{f"v{number}": value for number, value in enumerate(row)} for row in rows]
    with database.begin() as connection:
        connection.execute(sa.text(query), values)
