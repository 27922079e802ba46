"""The posts' pictures."""

from pathlib import Path

from PIL import Image

from demo.cards import SIDE, draw_card, save_card


def test_the_same_post_gets_the_same_picture() -> None:
    assert draw_card("a", ["Action", "War"]).tobytes() == draw_card("a", ["Action", "War"]).tobytes()


def test_two_posts_of_one_genre_differ() -> None:
    assert draw_card("a", ["Action"]).tobytes() != draw_card("b", ["Action"]).tobytes()


def test_genres_differ_in_colour() -> None:
    assert draw_card("a", ["Action"]).resize((1, 1)).tobytes() != draw_card("a", ["Drama"]).resize((1, 1)).tobytes()


def test_a_post_without_a_genre_has_a_grey_picture() -> None:
    red, green, blue = draw_card("a", []).resize((1, 1)).tobytes()
    assert red == green == blue


def test_an_unheard_of_genre_can_be_drawn() -> None:
    assert draw_card("a", ["Cat Videos"]).size == (SIDE, SIDE)


def test_a_saved_picture_is_a_small_jpeg(tmp_path: Path) -> None:
    save_card(tmp_path / "a.jpg", "a", ["Action", "War", "Western"])
    with Image.open(tmp_path / "a.jpg") as picture:
        assert (picture.format, picture.size) == ("JPEG", (SIDE, SIDE))
    assert (tmp_path / "a.jpg").stat().st_size < 20_000
