"""The sources of a world: MovieLens's real people with drawn cards, or simulated people with real photos."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from demo import movielens, photo_world
from demo.cards import save_card
from demo.make_world import make_world
from demo.options import SEED, Options
from demo.simulator.folder import CAPTIONS_FILE, read_folder
from demo.simulator.simulate import PhotoWorld, simulate
from demo.world import DemoWorld, Posts

MOVIELENS = "movielens"
PHOTOS = "photos"

SaveFiles = Callable[[Console, Path], None]  # writes what belongs to the world beside its relations into the home


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The source of a world, and how it is described."""

    identity: str  # changes with the photos and captions
    title: str
    caption_heading: str
    notice: str | None  # prevents a misunderstanding
    make: Callable[[datetime], tuple[DemoWorld, SaveFiles]]


def source_of(options: Options) -> Source:
    """The source that the options name, without making the world yet.

    Raises:
        WorldMissing: the folder of photos is missing or malformed, or that of MovieLens is missing.
    """
    if options.photos is None:
        if options.data is not None:  # also where the home has a world already, and nothing of it would be read
            movielens.require_folder(options.data)
        return Source(
            identity=MOVIELENS,
            title="MovieLens-100K",
            caption_heading="caption (title and genres of a film; its author is made up)",
            notice=None,
            make=partial(_make_films, options.data, options.wheels),
        )
    read_folder(options.photos)
    return Source(
        identity=f"{PHOTOS} {_digest(options.photos / CAPTIONS_FILE)}",
        title="the photos",
        caption_heading="caption (real, as is its photo; who likes it is simulated)",
        notice="Everybody here is simulated: users, authors, views, likes, comments, blocks. Photos and captions are "
        "real. What people like follows captions that no post shows, colours and shapes, and hidden groups of friends: "
        "the model is given none of it. Figures of this world say how the parts work together, not what your app "
        "would get.",
        make=partial(_make_photos, options.photos),
    )


def _make_films(data: Path | None, wheels: Path, now: datetime) -> tuple[DemoWorld, SaveFiles]:
    world = make_world(movielens.load(data, wheels), seed=SEED, now=now)
    return world, partial(_draw_cards, world.posts)


def _make_photos(folder: Path, now: datetime) -> tuple[DemoWorld, SaveFiles]:
    simulated = simulate(folder, seed=SEED)
    world = photo_world.relations_of(simulated, now=now)
    return world, partial(_save_photos, simulated, world)


def _draw_cards(posts: Posts, console: Console, home: Path) -> None:
    (home / "media").mkdir(exist_ok=True)
    columns = (TextColumn("Drawing the posts' pictures"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        rows = zip(posts.id.tolist(), posts.image_url.tolist(), posts.genres, strict=True)
        for post_id, image_url, genres in progress.track(rows, total=len(posts.genres)):
            save_card(home / image_url, post_id, genres)


def _save_photos(simulated: PhotoWorld, world: DemoWorld, console: Console, home: Path) -> None:
    with console.status("Copying the photos below the media root"):
        photo_world.copy_photos(simulated, world, home)
    photo_world.save_truth(simulated, home / "world" / photo_world.TRUTH_FILE)


def _digest(path: Path) -> str:
    return hashlib.blake2b(path.read_bytes(), digest_size=8).hexdigest()
