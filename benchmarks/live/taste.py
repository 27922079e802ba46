"""Whether live lists move the right way, in a world whose truth is known, by a model that was trained on it.

Three likes of the other camp, a hide of one of some posts that are near to each other, and new posts of both camps.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import geometric_mean, mean

import redis

from benchmarks.databases import open_database
from benchmarks.errors import BenchmarkRefused
from benchmarks.figures import Bound, Row, at_least, at_most
from benchmarks.live import camps
from benchmarks.live.asking import Requests, Watch, posted
from benchmarks.live.services import running
from benchmarks.serve.client import ask
from benchmarks.serve.servers import Served
from shared.db.engine import Database
from shared.db.post_rows import known_post_numbers
from shared.domain import Phase
from shared.ranked_lists import codec, keys

PAGE, ASKED = 10, camps.WANDERERS  # posts of a page; people of each question
HIGH, SUITED = 50, 5  # a new post has arrived when it is so high in the lists of so many of its camp
WITHIN = 90.0  # seconds
LEAST_SHIFT = 0.2  # of the page: three of the seven posts that they like by then
LEAST_FALL, MOST_FALL = 1.4, 2.1  # times as late, on (geometric) average
LEAST_AUC = 0.8
Places = Mapping[str, Mapping[int, int]]  # person → post number → place from 1


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPosts:
    """Where new posts went."""

    arrived: Sequence[float]  # seconds until each new post stood high in the lists of some of its camp
    late: int  # new posts that did not
    auc: float  # of the place of a new post: its camp's people against the others

    @property
    def p95(self) -> float:
        """Seconds; a post that did not arrive counts as an hour."""
        every = sorted([*self.arrived, *[3600.0] * self.late])
        return every[min(len(every) - 1, int(0.95 * len(every)))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taste:
    """What was found."""

    others: tuple[float, float]  # share of the other camp's posts on a page of phase 2, before and after three likes
    falls: Mapping[Phase, float]  # times as late as before the hide
    new: NewPosts

    def rows(self) -> Iterator[Row]:
        """For the table."""
        for name, share in zip(("before", "after"), self.others, strict=True):
            what = f"the other taste's posts on a page {name} three likes"
            yield Row(system="neucf, two camps", metric=what, value=share, unit="share")
        for phase, fall in self.falls.items():
            yield Row(
                system=f"{phase.value}, two camps", metric="posts near to a hidden one", value=fall, unit="x as late"
            )
        yield Row(system="neucf, two camps", metric="new posts among the first 50, p95", value=self.new.p95, unit="s")
        yield Row(system="neucf, two camps", metric="who gets new posts, AUC", value=self.new.auc, unit="")

    def bounds(self) -> Iterator[Bound]:
        """What must hold."""
        yield at_least(
            "the other taste's share of a page, grown by three likes", self.others[1] - self.others[0], LEAST_SHIFT
        )
        for phase, fall in self.falls.items():
            yield at_least(f"{phase.value}: posts near to a hidden one, times as late", fall, LEAST_FALL)
            yield at_most(f"{phase.value}: posts near to a hidden one, times as late", fall, MOST_FALL)
        yield at_most("seconds until new posts are among the first 50, p95", self.new.p95, 60.0)
        yield at_least("who gets new posts, AUC", self.new.auc, LEAST_AUC)


def measure(home: Path, database_url: str, redis_url: str, *, seed: int) -> Taste:
    """Train, start all services, and ask; in an empty database and an empty Redis."""

    def fill(database: Database) -> None:
        camps.build(database, seed=seed)

    with running(home, database_url, redis_url, fill, champion=camps.train) as services:
        database = open_database(database_url, redis_url=redis_url)
        try:
            world = _World(database, redis_url, services["timeline"])
            likes, falls = _after_three_likes(world), _after_a_hide(world)
            return Taste(others=likes, falls=falls, new=_new_posts(world, seed=seed + 1))
        finally:
            database.close()


class _World:
    """The lists of the people, and their events."""

    def __init__(self, database: Database, redis_url: str, timeline: Served) -> None:
        self.database, self._redis_url, self._timeline = database, redis_url, timeline

    def numbers(self, posts: Sequence[str]) -> dict[str, int]:
        """The numbers of these posts in lists."""
        with self.database.begin() as connection:
            return known_post_numbers(connection, posts)

    def places(self, phase: Phase, people: Sequence[str]) -> Places:
        """Where each post stands in the lists of these people."""
        with redis.Redis.from_url(self._redis_url) as client:
            values = client.mget([keys.ranked_list(phase, person) for person in people])
        lists = {person: value for person, value in zip(people, values, strict=True) if isinstance(value, bytes)}
        return {person: _places_in(value) for person, value in lists.items()}

    def act(self, kind: str, posts_of: Mapping[str, Sequence[str]]) -> None:
        """Events of these people by the API; returns when their lists of both phases are newer."""
        watch = Watch(self._redis_url, tuple(Phase))
        pairs = [(person, phase) for person in posts_of for phase in Phase]
        with redis.Redis.from_url(self._redis_url) as client:
            before = watch.versions(client, pairs)
            events = [
                {"user_id": user, "post_id": post, "kind": kind} for user, some in posts_of.items() for post in some
            ]
            ask(self._timeline.port, Requests([posted(events)]), connections=1)
            wait(lambda: all(a < b for a, b in zip(before, watch.versions(client, pairs), strict=True)), "newer lists")


def wait(is_so: Callable[[], bool], what: str) -> float:
    """Wait until something holds; returns the seconds.

    Raises:
        BenchmarkRefused: it took too long.
    """
    begun = time.monotonic()
    while not is_so():
        if time.monotonic() > begun + WITHIN:
            raise BenchmarkRefused(f"not within {WITHIN:.0f} s: {what}")
        time.sleep(0.02)
    return time.monotonic() - begun


def _after_three_likes(world: _World) -> tuple[float, float]:
    people, cars = camps.people_of("cat")[:ASKED], camps.posts_of("car")
    numbers = {*world.numbers([*cars, *camps.new_posts_of("car")]).values()}

    def share() -> float:
        places = world.places(Phase.NEUCF, people)
        pages = [[number for number, place in each.items() if place <= PAGE] for each in places.values()]
        return mean(len(numbers.intersection(page)) / max(1, len(page)) for page in pages)

    before = share()
    saved = {person: [cars[(3 * index + n) % len(cars)] for n in range(3)] for index, person in enumerate(people)}
    world.act("save", saved)
    return before, share()


def _after_a_hide(world: _World) -> dict[Phase, float]:
    people, (hidden, *near) = camps.people_of("cat")[ASKED : 2 * ASKED], camps.frogs()
    numbers = [*world.numbers(near).values()]

    def lists() -> dict[Phase, Places]:
        return {phase: world.places(phase, people) for phase in Phase}

    before = lists()
    world.act("hide", dict.fromkeys(people, (hidden,)))
    after = lists()
    return {phase: geometric_mean(_falls(before[phase], after[phase], numbers)) for phase in Phase}


def _falls(before: Places, after: Places, numbers: Sequence[int]) -> list[float]:
    """How many times as late, of posts that are far enough from the end for that."""
    found = [
        after[person].get(number, len(after[person]) + 1) / place
        for person, places in before.items()
        for number in numbers
        if (place := places.get(number, len(places))) * MOST_FALL < len(places)
    ]
    if not found:
        raise BenchmarkRefused("no post that is near to a hidden one stands high enough in anybody's list")
    return found


def _new_posts(world: _World, *, seed: int) -> NewPosts:
    people = {camp: camps.people_of(camp)[2 * ASKED :] for camp in camps.CAMPS}
    begun = time.monotonic()
    camps.add_new_posts(world.database, seed=seed)
    arrived, found = dict[str, float](), dict[str, Places]()
    while time.monotonic() < begun + WITHIN and len(arrived) < len(camps.CAMPS) * camps.NEW:
        for camp in camps.CAMPS:
            found[camp] = world.places(Phase.NEUCF, people[camp])
            for post, number in world.numbers(camps.new_posts_of(camp)).items():
                high = sum(places.get(number, HIGH + 1) <= HIGH for places in found[camp].values())
                if post not in arrived and high >= SUITED:
                    arrived[post] = time.monotonic() - begun
        time.sleep(0.1)
    aucs = []
    lists = {camp: world.places(Phase.NEUCF, people[camp]) for camp in camps.CAMPS}
    for camp, other in (camps.CAMPS, camps.CAMPS[::-1]):
        for number in world.numbers(camps.new_posts_of(camp)).values():
            own, others = ([_depth(places, number) for places in lists[each].values()] for each in (camp, other))
            aucs.append(mean((a < b) + 0.5 * (a == b) for a in own for b in others))
    late = len(camps.CAMPS) * camps.NEW - len(arrived)
    return NewPosts(arrived=sorted(arrived.values()), late=late, auc=mean(aucs) if aucs else 0.0)


def _depth(places: Mapping[int, int], number: int) -> float:
    """From 0 to 1; 2 where it is not listed."""
    return places[number] / len(places) if number in places else 2.0


def _places_in(value: bytes) -> dict[int, int]:
    return {number: place for place, number in enumerate(codec.post_numbers_of(codec.decode(value).entries), start=1)}
