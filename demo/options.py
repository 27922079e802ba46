"""The demo's options: arguments, and a few environment variables."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SEED = 20  # of everything that is made up; the same seed makes the same world

WORLDS = ("movielens", "photos")
HOME = ".warmline"  # and where the Makefile puts the wheel with the world, whatever the user's home is
PHOTOS_HOME = f"{HOME}/photos"  # beside the other world, so that each start finds its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options; a port of None means a free one, a URL of None an embedded server."""

    home: Path
    data: Path | None
    photos: Path | None  # None: the world of MovieLens
    wheels: Path
    database_url: str | None
    redis_url: str | None
    host: str
    port: int | None
    feed_port: int | None
    postgres_port: int | None
    redis_port: int | None
    phase1: bool
    check: bool
    end_with_parent: bool


def read_options(arguments: Sequence[str], environment: Mapping[str, str]) -> Options:
    """Read the options; arguments take precedence. A wrong argument ends the program with exit code 2 and one line."""
    given = _parser().parse_args(arguments)
    data = given.data or environment.get("WARMLINE_DEMO_DATA")
    photos = _photos(
        given.world or environment.get("WARMLINE_DEMO_WORLD"), given.photos or environment.get("WARMLINE_DEMO_PHOTOS")
    )
    return Options(
        home=Path(given.home or (PHOTOS_HOME if photos else HOME)).absolute(),
        data=Path(data).absolute() if data else None,
        photos=Path(photos).absolute() if photos else None,
        wheels=Path(HOME).absolute(),
        database_url=environment.get("WARMLINE_DATABASE_URL") or None,
        redis_url=environment.get("WARMLINE_REDIS_URL") or None,
        host=environment.get("WARMLINE_HOST") or "127.0.0.1",
        port=given.port or _port_of(environment, "WARMLINE_PORT"),
        feed_port=given.feed_port,
        postgres_port=given.postgres_port,
        redis_port=given.redis_port,
        phase1=given.phase1,
        check=given.check,
        end_with_parent=given.end_with_parent,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make demo",
        usage='make demo ARGS="[options]"',
        description="Run Warmline on this machine: PostgreSQL, Valkey, a world of real users, and all services. First "
        "the timelines of phase 1 (heuristic); then a model is trained (Ctrl-C ends that alone), promoted and scored, "
        "and the phase becomes neucf and stays so. A second start reuses everything in the home folder, the model too.",
        epilog="With WARMLINE_DATABASE_URL or WARMLINE_REDIS_URL set, your own server is used instead of an embedded "
        "one; WARMLINE_TEXT_ENCODER and WARMLINE_IMAGE_ENCODER choose other encoders, and every other WARMLINE_* "
        "setting reaches the services. The world comes out of a package, or: make demo DATA=FOLDER. Another "
        "one is of simulated people on your own photos: make demo WORLD=photos PHOTOS=FOLDER. PyTorch "
        "comes for the CPU unless an NVIDIA driver is found; from another index: make demo TORCH_INDEX=URL",
    )
    parser.add_argument(
        "--phase1",
        action="store_true",
        help="a quick look at phase 1 alone: the phase becomes heuristic, and PyTorch is not installed",
    )
    parser.add_argument("--check", action="store_true", help="check the answers over HTTP, then end: 0 good, 1 not")
    parser.add_argument("--data", metavar="FOLDER", help="a folder with ml-100k.inter and ml-100k.item")
    parser.add_argument("--world", choices=WORLDS, help="real users on films, or simulated users on real photos")
    parser.add_argument("--photos", metavar="FOLDER", help="a folder with photos and a captions.csv (image,caption)")
    parser.add_argument(
        "--home", metavar="FOLDER", help=f"where the state lives ({HOME}; for the world of photos {PHOTOS_HOME})"
    )
    parser.add_argument("--port", type=_port, help="the timeline's port (a free one, or WARMLINE_PORT)")
    parser.add_argument("--feed-port", type=_port, help="the example app's port (a free one)")
    parser.add_argument("--postgres-port", type=_port, help="the embedded PostgreSQL's port (a free one)")
    parser.add_argument("--redis-port", type=_port, help="the embedded Valkey's port (a free one)")
    parser.add_argument("--end-with-parent", action="store_true", help=argparse.SUPPRESS)  # `make` gives it
    return parser


def _photos(world: str | None, folder: str | None) -> str | None:
    """The folder of photos if that world is wanted: it was named, or only a folder was given."""
    if world and world not in WORLDS:
        _parser().exit(2, f"WORLD: got {world}, expected one of {', '.join(WORLDS)}\n")
    if world == "photos" and not folder:
        _parser().exit(2, "PHOTOS: got none, expected a folder: make demo WORLD=photos PHOTOS=folder\n")
    if world == "movielens" and folder:
        _parser().exit(2, f"PHOTOS: got {folder}, but WORLD=movielens; leave one of them out\n")
    return folder


def _port(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 65_535:
        raise argparse.ArgumentTypeError(f"got {text}, expected a port from 1 to 65535")
    return int(text)


def _port_of(environment: Mapping[str, str], name: str) -> int | None:
    text = environment.get(name)
    if not text:
        return None
    try:
        return _port(text)
    except argparse.ArgumentTypeError as error:
        _parser().exit(2, f"{name}: {error}\n")
