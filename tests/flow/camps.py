"""Two camps on real servers: people who like red photos of cats, and people who like blue photos of cars.

Each camp has its own people and posts; everybody likes some posts of their camp and none of the other. One like of each
person is held back: it is not stored. A cold post of each camp has a photo and a caption, but no interactions.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from s02_recsys_neucf import job as scoring
from s02_recsys_neucf.settings import ScoreSettings
from s02_train_neucf import job as training
from s02_train_neucf.learning.recipe import Recipe
from s02_train_neucf.settings import MirrorSettings, TrainSettings
from shared.content.encode_posts import build_encoders
from shared.content.encoders.registry import OFFLINE_ENGLISH
from shared.content.post_features import manifest_encoder
from shared.content.settings import ContentSettings
from shared.db.models import promote_model
from shared.db.runs import Run, claim_run, finish_run, request_run
from shared.neucf.manifest import Encoder
from shared.settings import HeuristicSettings, ListSettings, ModelSettings
from tests.encoders import built_once
from tests.flow.deployment import Deployment

CAMPS = {"cat": (200, 40, 40), "car": (40, 60, 200)}
CAPTIONS = {
    "cat": ("a sleepy kitten on the sofa", "my cat plays with wool", "two cats in the sun", "the kitten drinks milk"),
    "car": ("a fast sports car", "an old truck on the road", "the engine of my car", "racing cars at night"),
}
PEOPLE, POSTS, LIKES = 40, 30, 10  # of each camp; likes of each person, one of them held back
HOURS_BETWEEN = 9  # two likes of a person; spread over them, so that the replay finds people to ask at every step
SHORT = Recipe(epochs=4, steps_per_epoch=6, batch_users=40, learning_rate=0.016, members=1)  # enough for two camps


@dataclass(frozen=True, slots=True, kw_only=True)
class Camps:
    """The world, and the likes and posts that are held back."""

    deployment: Deployment
    folder: Path
    held_back: Mapping[str, str]  # person → a post that they like, and that they were never seen with
    cold: Mapping[str, str]  # camp → its cold post
    text_encoder: str = OFFLINE_ENGLISH
    model_dir: Path | None = None  # where else than below the folder models are

    @property
    def models(self) -> Path:
        return self.model_dir or self.folder / "models"

    def train_settings(self, *, mirror: MirrorSettings | None = None, **changes: Any) -> training.JobSettings:
        return training.JobSettings(
            train=TrainSettings(**changes),
            model=ModelSettings(model_dir=self.models),
            content=self.content(),
            formula=HeuristicSettings(),
            lists=self.deployment.settings().lists,
            window=self.deployment.settings().window,
            recipe=SHORT,
            mirror=mirror,
        )

    def train(self, *, mirror: MirrorSettings | None = None, **changes: Any) -> Mapping[str, Any]:
        """One training run, claimed like the service does it."""
        settings = self.train_settings(mirror=mirror, **changes)
        with self.deployment.database() as database:
            run = self._claimed(training.JOB)
            try:
                with built_once():
                    report = training.run_training(database, settings, run, datetime.now(UTC))
            except Exception as error:
                finish_run(database, run, error=str(error))
                raise
            finish_run(database, run, report=report)
            return report

    def score_settings(self) -> scoring.JobSettings:
        return scoring.JobSettings(
            score=ScoreSettings(),
            model=ModelSettings(model_dir=self.models),
            content=self.content(),
            lists=ListSettings(list_length=2 * POSTS),  # every post that a person may be shown
            window=self.deployment.settings().window,
            formula=HeuristicSettings(),
        )

    def score(self) -> Mapping[str, Any]:
        """One scoring run."""
        settings = self.score_settings()
        with self.deployment.database() as database, self.deployment.writer() as writer:
            run = self._claimed(scoring.JOB)
            try:
                with built_once():
                    report = scoring.run_scoring(database, writer, settings, run, datetime.now(UTC))
            except Exception as error:
                finish_run(database, run, error=str(error))
                raise
            finish_run(database, run, report=report)
            return report

    def encoders(self) -> tuple[Encoder, Encoder]:
        """The encoders of photos and captions, as a model names them."""
        with built_once():
            built = build_encoders(self.content())
        return manifest_encoder(built.image.card), manifest_encoder(built.caption.card)

    def content(self) -> ContentSettings:
        return ContentSettings(media_root=self.folder, text_encoder=self.text_encoder)

    def _claimed(self, job: str) -> Run:
        with self.deployment.database() as database:
            request_run(database, job, by="test")
            run = claim_run(database, job, worker="test")
            assert run is not None
            return run


def people_of(camp: str) -> list[str]:
    return [f"{camp}-lover-{number:02}" for number in range(PEOPLE)]


def posts_of(camp: str) -> list[str]:
    return [f"{camp}-{number:02}" for number in range(POSTS)]


def build_camps(deployment: Deployment, folder: Path) -> Camps:
    """Fill an empty schema with the two camps."""
    rng, now = random.Random(7), datetime.now(UTC)
    folder.mkdir(parents=True, exist_ok=True)
    held_back = {}
    posts, events = [], []
    for camp, colour in CAMPS.items():
        for place, post in enumerate([*posts_of(camp), f"{camp}-cold"]):
            _draw(folder / f"{post}.jpg", colour, rng)
            born = now - timedelta(hours=200 - place)
            posts.append((post, f"{camp}-author-{place % 5}", rng.choice(CAPTIONS[camp]), f"{post}.jpg", born))
        for person in people_of(camp):
            liked = rng.sample(posts_of(camp), LIKES)
            held_back[person] = liked.pop()
            for step, post in enumerate(liked):
                at = now - timedelta(hours=HOURS_BETWEEN * (LIKES - step), minutes=rng.randrange(60 * HOURS_BETWEEN))
                events += [(person, post, "view", at), (person, post, "like", at + timedelta(seconds=5))]
    people = [person for camp in CAMPS for person in people_of(camp)]
    deployment.sql("DELETE FROM warmline.interactions")
    deployment.sql("DELETE FROM warmline.posts")
    deployment.sql("DELETE FROM warmline.users")
    deployment.sql("INSERT INTO warmline.users VALUES (%s, %s)", [(person, now) for person in [*people, "newcomer"]])
    deployment.sql(
        "INSERT INTO warmline.posts (id, author_id, caption, image_url, created_at) VALUES (%s, %s, %s, %s, %s)", posts
    )
    deployment.sql(
        "INSERT INTO warmline.interactions (user_id, post_id, kind, created_at) VALUES (%s, %s, %s, %s)", events
    )
    return Camps(
        deployment=deployment, folder=folder, held_back=held_back, cold={camp: f"{camp}-cold" for camp in CAMPS}
    )


def train_and_score(camps: Camps) -> Mapping[str, Any]:
    """Train, promote whatever comes out, score; returns the training's report."""
    report = camps.train()
    with camps.deployment.database() as database:
        promote_model(database, report["model"], by="test", override=True)
    camps.score()
    return report


def _draw(path: Path, colour: tuple[int, int, int], rng: random.Random) -> None:
    image = Image.new("RGB", (96, 96), colour)
    draw = ImageDraw.Draw(image)
    for _ in range(6):
        x, y = rng.randrange(96), rng.randrange(96)
        shade = tuple(min(255, value + rng.randrange(50)) for value in colour)
        draw.ellipse((x, y, x + 20, y + 20), fill=shade)
    image.save(path, quality=85)
