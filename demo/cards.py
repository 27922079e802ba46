"""Draws a post's picture from its genres: one colour and one figure per genre, arranged by the post's id."""

import hashlib
import random
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw

SIDE = 224  # pixels; the usual input of image encoders
FIGURES_PER_GENRE = 4
JPEG_QUALITY = 85
_GENRES = (
    *("Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama", "Fantasy"),
    *("Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western"),
)
_PLAIN = (128, 128, 128)  # a film without a genre
_FIGURES = ("circle", "square", "triangle", "ring", "bar", "cross")
Colour = tuple[int, int, int]


def draw_card(post_id: str, genres: Sequence[str]) -> Image.Image:
    """The card of one post: bands in its genres' colours, with their figures. An id always gives the same card."""
    rng = random.Random(post_id)  # noqa: S311 - an arrangement, not a secret
    shown = list(genres) or [""]
    card = Image.new("RGB", (SIDE, SIDE), _colour(shown[0], 0.35))
    pen = ImageDraw.Draw(card)
    slant = rng.randint(-40, 40)
    for place, genre in enumerate(shown):
        left, right = SIDE * place // len(shown), SIDE * (place + 1) // len(shown)
        corners = [(left + slant, 0), (right + slant, 0), (right - slant, SIDE), (left - slant, SIDE)]
        pen.polygon(corners, fill=_colour(genre, 0.45))
    for genre in shown:
        for _ in range(FIGURES_PER_GENRE):
            centre, radius = (rng.randint(10, SIDE - 10), rng.randint(10, SIDE - 10)), rng.randint(10, 34)
            _draw_figure(pen, _figure(genre), centre, radius, _colour(genre, rng.uniform(0.8, 1.0)))
    return card


def save_card(path: Path, post_id: str, genres: Sequence[str]) -> None:
    """Draw a card into a JPEG file of a few KiB."""
    draw_card(post_id, genres).save(path, "JPEG", quality=JPEG_QUALITY)


def _colour(genre: str, brightness: float) -> Colour:
    """A genre's hue at a brightness in [0, 1]; hues are spread evenly over the known genres."""
    if not genre:
        red, green, blue = _PLAIN
    else:
        red, green, blue = _hue(_place(genre) * 7 / len(_GENRES))  # 7: neighbours in the list lie apart
    return round(red * brightness), round(green * brightness), round(blue * brightness)


def _hue(turn: float) -> Colour:
    """A light colour of the given hue (a turn of the colour wheel is 1)."""
    wave = [abs((turn * 6 + offset) % 6 - 3) - 1 for offset in (0, 4, 2)]  # red, green, blue
    red, green, blue = (round(70 + 185 * min(1.0, max(0.0, level))) for level in wave)
    return red, green, blue


def _place(genre: str) -> int:
    """The index of a genre in the list; an unknown genre gets a fixed index, too."""
    if genre in _GENRES:
        return _GENRES.index(genre)
    return hashlib.blake2b(genre.encode(), digest_size=1).digest()[0] % len(_GENRES)


def _figure(genre: str) -> str:
    return _FIGURES[_place(genre) % len(_FIGURES)]


def _draw_figure(pen: ImageDraw.ImageDraw, figure: str, centre: tuple[int, int], radius: int, colour: Colour) -> None:
    x, y = centre
    box = (x - radius, y - radius, x + radius, y + radius)
    if figure == "circle":
        pen.ellipse(box, fill=colour)
    elif figure == "square":
        pen.rectangle(box, fill=colour)
    elif figure == "triangle":
        pen.polygon([(x, y - radius), (x + radius, y + radius), (x - radius, y + radius)], fill=colour)
    elif figure == "ring":
        pen.ellipse(box, outline=colour, width=max(3, radius // 4))
    elif figure == "bar":
        pen.rectangle((x - radius, y - radius // 4, x + radius, y + radius // 4), fill=colour)
    else:
        pen.line((x - radius, y - radius, x + radius, y + radius), fill=colour, width=max(3, radius // 3))
        pen.line((x - radius, y + radius, x + radius, y - radius), fill=colour, width=max(3, radius // 3))
