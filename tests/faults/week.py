"""Two camps hour by hour on a simulated clock: the hours pass by dating everything back, in both stores.

Each hour people post and like, and the heuristic and the scorer run, as their schedules have it.
"""

import io
import json
import random
from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from PIL import Image

from shared.domain import Phase
from shared.errors import WarmlineError
from shared.ranked_lists import codec, keys
from shared.ranked_lists.publication import pack_publication, unpack_publication
from tests.flow.camps import CAMPS, CAPTIONS, Camps, people_of, posts_of
from warmline.commands.status.command import run_status

PEOPLE = [person for camp in CAMPS for person in people_of(camp)]
OWN_SHARE = 0.9  # of the first ten posts of the second phase's lists that are of the reader's camp, at least
_TIMES = """
    SELECT table_name, column_name
    FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
    WHERE table_schema = 'warmline' AND data_type = 'timestamp with time zone' AND table_type = 'BASE TABLE'
    """
_FAILED = "UPDATE warmline.runs SET state = 'failed', finished_at = now(), error = %s WHERE state = 'running'"
_POST = "INSERT INTO warmline.posts (id, author_id, caption, image_url, created_at) VALUES (%s, %s, %s, %s, %s)"
AWAY = "away"  # what the folder of the photos is called while nobody finds it


@dataclass(slots=True, kw_only=True)
class Week:
    """The world, and how many hours have passed."""

    camps: Camps
    rng: random.Random
    hours: int = 0

    def hour(self, *, fails: bool = False) -> Mapping[str, Any]:
        """The clock goes on, people are at it, both rankers run, and lists are as they should be.

        Gives the scorer's report; an empty one where both rankers are to refuse (`fails`).
        """
        self.pass_time(timedelta(hours=1))
        self.live()
        report: Mapping[str, Any] = {}
        if fails:
            self.fail_in_both()
        else:
            self.camps.deployment.run_heuristic()
            report = self.camps.score()
        self.check(is_fresh=not fails)
        return report

    def night(self) -> Mapping[str, Any]:
        """The clock goes on to three at night; training, and the scoring that its promotion asks for."""
        self.pass_time(timedelta(hours=8))
        report = self.camps.train()
        self.camps.deployment.run_heuristic()
        self.camps.score()
        self.check()
        return report

    def fail_in_both(self) -> None:
        """Both rankers refuse, and say so in their runs."""
        for run in (self.camps.deployment.run_heuristic, self.camps.score):
            try:
                run()
            except WarmlineError as error:
                self.camps.deployment.sql(_FAILED, [(str(error),)])
            else:
                raise AssertionError(f"{run} did not refuse")

    def pass_time(self, span: timedelta) -> None:
        """All times in both stores lie so much further back; keys of Redis that run out meanwhile are gone."""
        deployment, self.hours = self.camps.deployment, self.hours + round(span.total_seconds() / 3600)
        columns: dict[str, list[str]] = {}
        for table, column in deployment.sql(_TIMES):
            columns.setdefault(table, []).append(f"{column} = {column} - interval '{span.total_seconds():.0f} s'")
        for table, changes in columns.items():
            deployment.sql(f"UPDATE warmline.{table} SET {', '.join(changes)}")
        with deployment.redis() as redis:
            for key in list(redis.scan_iter()):
                left = int(redis.pttl(key))
                if left > 0:
                    redis.pexpire(key, max(1, left - int(span.total_seconds() * 1000)))
            for phase in Phase:
                value = redis.get(keys.published(phase))
                if isinstance(value, bytes):
                    held = unpack_publication(value)
                    redis.set(keys.published(phase), pack_publication(replace(held, at=held.at - span)), keepttl=True)

    def live(self) -> None:
        """A new post of each camp, with a photo, and some likes of those who are there."""
        deployment, now = self.camps.deployment, datetime.now(UTC)
        for camp, colour in CAMPS.items():
            name = f"{camp}-at-{self.hours:03}"
            red, green, blue = (value + self.hours % 40 for value in colour)
            Image.new("RGB", (96, 96), (red, green, blue)).save(self._media() / f"{name}.jpg")
            deployment.sql(_POST, [(name, f"{camp}-author-0", self.rng.choice(CAPTIONS[camp]), f"{name}.jpg", now)])
            for person in self.rng.sample(people_of(camp), 4):
                deployment.add_events(person, [self.rng.choice(posts_of(camp))], kind="like")

    def _media(self) -> Path:
        folder = self.camps.folder
        return folder if folder.is_dir() else folder.with_name(AWAY)

    def check(self, *, is_fresh: bool = True) -> None:
        """Lists of both phases are whole and of the newest run, and those of the second phase know the camps."""
        names = {row: post for post, row in self.camps.deployment.rows().items()}
        for phase, job in ((Phase.HEURISTIC, "heuristic"), (Phase.NEUCF, "score")):
            lists = self.lists(phase)
            assert lists.keys() == set(PEOPLE), (self.hours, phase, "somebody has no list")
            if is_fresh:
                newest = "SELECT max(fence) FROM warmline.runs WHERE job = %s AND state = 'done'"
                ((fence,),) = self.camps.deployment.sql(newest, [(job,)])
                assert max(ranked.generation for ranked in lists.values()) == fence, (self.hours, phase)
            for ranked in lists.values():
                rows = codec.post_numbers_of(ranked.entries)
                assert len(set(rows)) == len(rows) >= 10, (self.hours, phase)
        own = [
            names[row].startswith(person.partition("-")[0])
            for person, ranked in self.lists(Phase.NEUCF).items()
            for row in codec.post_numbers_of(ranked.entries)[:10]
            if row in names
        ]
        assert sum(own) / len(own) >= OWN_SHARE, (self.hours, sum(own) / len(own))

    def lists(self, phase: Phase) -> dict[str, codec.RankedList]:
        with self.camps.deployment.redis() as redis:
            found = redis.mget([keys.ranked_list(phase, person) for person in PEOPLE])
        return {person: codec.decode(value) for person, value in zip(PEOPLE, found, strict=True) if value is not None}

    def status(self) -> dict[str, str]:
        """What `warmline status` says needs attention, by where; that nobody serves pages here is left out."""
        with redirect_stdout(io.StringIO()) as out:
            run_status(as_json=True)
        found = json.loads(out.getvalue())["attention"]
        return {each["where"]: each["got"] for each in found if each["where"] != "timeline"}


def settings_of(camps: Camps) -> Mapping[str, str]:
    """The environment of the operator's commands."""
    return {
        "WARMLINE_DATABASE_URL": camps.deployment.database_url, "WARMLINE_REDIS_URL": camps.deployment.redis_url,
        "WARMLINE_MODEL_DIR": str(camps.models), "WARMLINE_MEDIA_ROOT": str(camps.folder),
        "WARMLINE_SNAPSHOT_FILE": str(Path(camps.models) / "no-snapshot"),
    }  # fmt: skip
