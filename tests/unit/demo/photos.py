"""A folder of tiny photos, and looks that need no file: what the simulator's tests are made of."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from demo.simulator.folder import CaptionedPhoto
from demo.simulator.simulate import PhotoWorld, WorldSettings, simulate_with
from demo.simulator.truth import Floats
from demo.simulator.words import unit

SUBJECTS = ("dog", "boat", "snow", "bicycle")
SMALL = WorldSettings(users=80, newcomers=3, days=14.0)


def tiny_folder(folder: Path, *, n: int = 3) -> Path:
    """Photos in one colour each, with two captions each."""
    lines = ["image,caption"]
    for number in range(n):
        Image.new("RGB", (32, 24), (40 * number % 256, 90, 200 - 10 * number % 200)).save(folder / f"{number}.png")
        subject = SUBJECTS[number % len(SUBJECTS)]
        lines += [f"{number}.png,a {subject} at noon", f'{number}.png,"the {subject}, once more"']
    (folder / "captions.csv").write_text("\n".join(lines) + "\n")
    return folder


def small_world(*, seed: int = 1, settings: WorldSettings = SMALL, n_posts: int = 120) -> PhotoWorld:
    """A world over photos that no file holds."""
    return simulate_with(small_photos(n_posts), fake_looks, seed=seed, settings=settings)


def small_photos(n: int = 120) -> list[CaptionedPhoto]:
    """Photos of four subjects, with three captions each."""
    subjects = [SUBJECTS[number % len(SUBJECTS)] for number in range(n)]
    return [
        CaptionedPhoto(path=Path(f"{number:03}.jpg"), captions=(f"a {word} here", f"one {word} there", f"the {word}"))
        for number, word in enumerate(subjects)
    ]


def fake_looks(paths: Sequence[Path]) -> Floats:
    """A unit vector by the file's name."""
    return unit(np.stack([np.random.default_rng(int(path.stem)).standard_normal(6) for path in paths]))
