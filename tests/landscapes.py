"""Drawn photos with captions: hills under a sky, a sea, flowers. They are ours, so the documentation may show them."""

import random
from math import sin

from PIL import Image, ImageDraw, ImageFilter

SIDE = 480  # pixels
SKIES = {
    "dawn": ((255, 214, 165), (140, 160, 210)),
    "noon": ((220, 240, 255), (70, 150, 220)),
    "dusk": ((255, 170, 110), (90, 50, 110)),
    "night": ((60, 80, 130), (12, 16, 40)),
}
SUBJECTS = ("hills", "sea", "meadow")
_WORDS = {
    ("hills", "dawn"): "First light over the hills", ("hills", "noon"): "Clear air, and nobody on the ridge",
    ("hills", "dusk"): "The last train home goes behind these hills", ("hills", "night"): "Stars above the valley",
    ("sea", "dawn"): "The sea before the boats leave", ("sea", "noon"): "Calm water all day",
    ("sea", "dusk"): "Evening swim", ("sea", "night"): "Moon on the water",
    ("meadow", "dawn"): "Dew in the meadow", ("meadow", "noon"): "Everything is in flower",
    ("meadow", "dusk"): "Poppies in the evening sun", ("meadow", "night"): "Night walk between the flowers",
}  # fmt: skip
Colour = tuple[int, int, int]


def kind_of(number: int) -> tuple[str, str]:
    """Subject and light of a photo: twelve kinds, one after the other."""
    return SUBJECTS[number % len(SUBJECTS)], tuple(SKIES)[number // len(SUBJECTS) % len(SKIES)]


def caption_of(number: int) -> str:
    """What is to be seen on a photo."""
    return _WORDS[kind_of(number)]


def landscape(number: int) -> Image.Image:
    """The photo of a number; no two are the same."""
    subject, light = kind_of(number)
    rng = random.Random(number)
    image = _sky(light, rng)
    {"hills": _hills, "sea": _sea, "meadow": _meadow}[subject](image, light, rng)
    return image.filter(ImageFilter.GaussianBlur(0.7))


def _sky(light: str, rng: random.Random) -> Image.Image:
    low, high = SKIES[light]
    column = Image.new("RGB", (1, SIDE))
    for y in range(SIDE):
        column.putpixel((0, y), _mix(high, low, y / SIDE * 1.4))
    image = column.resize((SIDE, SIDE))
    x, y, radius = rng.randint(60, SIDE - 60), rng.randint(50, 200), rng.randint(18, 34)
    pen = ImageDraw.Draw(image)
    for ring in range(12, -1, -1):
        glow = _mix((255, 250, 225), _mix(high, low, y / SIDE * 1.4), ring / 12)
        pen.ellipse((x - radius - ring * 4, y - radius - ring * 4, x + radius + ring * 4, y + radius + ring * 4), glow)
    if light == "night":
        for _ in range(70):
            star = rng.randint(0, SIDE), rng.randint(0, SIDE // 2)
            pen.point(star, (240, 240, 255))
    return image


def _hills(image: Image.Image, light: str, rng: random.Random) -> None:
    pen = ImageDraw.Draw(image)
    far, near = SKIES[light][1], (28, 48, 40)
    for layer in range(5):
        base, waves = SIDE * (0.45 + 0.12 * layer), [(rng.uniform(0.004, 0.016), rng.uniform(0, 6)) for _ in range(3)]
        line = [(x, base + sum(sin(x * f + p) * 26 for f, p in waves)) for x in range(0, SIDE + 8, 8)]
        pen.polygon([(0, SIDE), *line, (SIDE, SIDE)], _mix(far, near, (layer + 1) / 5))


def _sea(image: Image.Image, light: str, rng: random.Random) -> None:
    pen = ImageDraw.Draw(image)
    low, high = SKIES[light]
    horizon = rng.randint(240, 300)
    for y in range(horizon, SIDE):
        pen.line((0, y, SIDE, y), _mix(_mix(low, high, 0.7), (10, 40, 70), (y - horizon) / (SIDE - horizon)))
    for _ in range(110):
        x, y = rng.randint(0, SIDE), rng.randint(horizon + 2, SIDE)
        pen.line((x, y, x + (y - horizon) // 3, y), _mix(low, (255, 255, 255), 0.35))
    x, sail = rng.randint(80, SIDE - 80), rng.randint(24, 60)
    pen.polygon([(x, horizon + 6), (x, horizon + 6 - sail), (x + sail // 2, horizon + 2)], (250, 248, 240))
    pen.polygon([(x - sail // 2, horizon + 6), (x + sail // 2, horizon + 6), (x, horizon + 16)], (60, 40, 40))


def _meadow(image: Image.Image, light: str, rng: random.Random) -> None:
    pen = ImageDraw.Draw(image)
    shade = {"night": 0.65, "dusk": 0.3, "dawn": 0.15, "noon": 0.0}[light]
    horizon = rng.randint(200, 260)
    for y in range(horizon, SIDE):
        pen.line((0, y, SIDE, y), _mix(_mix((150, 190, 90), (50, 110, 50), (y - horizon) / 220), (16, 20, 50), shade))
    petals = rng.choice([(214, 48, 60), (245, 200, 60), (150, 90, 200), (250, 250, 245), (240, 130, 170)])
    for _ in range(260):
        y = horizon + int((SIDE - horizon) * rng.random() ** 0.6)
        x, size = rng.randint(0, SIDE), 1 + (y - horizon) // 26
        pen.line((x, y, x + rng.randint(-3, 3), y + size * 4), _mix((40, 90, 40), (16, 20, 50), shade), 1 + size // 4)
        pen.ellipse((x - size, y - size, x + size, y + size), _mix(petals, (16, 20, 50), shade))


def _mix(one: Colour, other: Colour, share: float) -> Colour:
    share = min(1.0, max(0.0, share))
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue
