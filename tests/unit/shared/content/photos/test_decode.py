"""Every kind of picture that strangers upload, and every kind that they make to hurt."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageDraw

from shared.content.photos.decode import MAX_SCANS, SHORT_SIDE, decode
from shared.content.photos.unreadable import Fault, PhotoRefused

LIMIT = 10_000_000  # pixels


def saved(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def read(content: bytes) -> Image.Image:
    return decode(content, max_pixels=LIMIT)


def fault_of(content: bytes) -> Fault:
    with pytest.raises(PhotoRefused) as caught:
        read(content)
    return caught.value.unreadable.fault


def corner(image: Image.Image) -> tuple[int, ...]:
    pixel = image.getpixel((1, 1))
    assert isinstance(pixel, tuple)
    return pixel


def noisy_jpeg(**options: object) -> bytes:
    pixels = np.random.default_rng(7).integers(0, 255, (200, 200, 3), dtype=np.uint8)
    return saved(Image.fromarray(pixels), "JPEG", **options)


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to nothing."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(bytes(100)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + pixels + chunk(b"IEND", b"")


def test_no_bytes_are_empty() -> None:
    assert fault_of(b"") is Fault.EMPTY


def test_html_is_no_image() -> None:
    assert fault_of(b"<!doctype html><title>Not found</title>") is Fault.NOT_AN_IMAGE


def test_a_heic_photo_is_named_as_such() -> None:
    with pytest.raises(PhotoRefused, match="HEIC"):
        read(b"\x00\x00\x00\x18ftypheic" + bytes(200))


def test_postscript_is_not_even_opened() -> None:
    assert fault_of(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n") is Fault.NOT_AN_IMAGE


@pytest.mark.parametrize("side", [4_000, 12_000, 60_000])
def test_a_png_bomb_is_refused_by_its_header(side: int) -> None:
    assert fault_of(png_header(side, side)) is Fault.TOO_MANY_PIXELS


def test_a_real_png_bomb_is_refused() -> None:
    bomb = saved(Image.new("1", (8000, 8000)))
    assert len(bomb) < 20_000
    assert fault_of(bomb) is Fault.TOO_MANY_PIXELS


def test_a_gif_bomb_is_refused() -> None:
    assert fault_of(b"GIF89a" + struct.pack("<HH", 65_000, 65_000) + bytes(20) + b"," + bytes(20)) in (
        Fault.TOO_MANY_PIXELS,
        Fault.BROKEN_IMAGE,
    )


def test_a_jpeg_of_a_thousand_scans_is_refused() -> None:
    content = noisy_jpeg(progressive=True)
    last = content.rindex(b"\xff\xda")
    assert fault_of(content[:-2] + content[last:-2] * 1000 + b"\xff\xd9") is Fault.TOO_MANY_SCANS


def test_a_progressive_jpeg_of_a_camera_is_read() -> None:
    content = noisy_jpeg(progressive=True)
    assert content.count(b"\xff\xda") < MAX_SCANS
    assert read(content).size == (200, 200)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_truncated_image_is_not_taken_for_a_whole_one(kind: str) -> None:
    pixels = np.random.default_rng(7).integers(0, 255, (200, 200, 3), dtype=np.uint8)
    whole = saved(Image.fromarray(pixels), kind)
    assert fault_of(whole[: len(whole) // 2]) in (Fault.TRUNCATED, Fault.BROKEN_IMAGE)


def test_a_truncated_jpeg_may_be_an_upload_under_way() -> None:
    assert fault_of(noisy_jpeg()[:9000]) is Fault.TRUNCATED


def test_a_jpeg_of_a_header_alone_is_refused() -> None:
    assert fault_of(noisy_jpeg()[:300]) in (Fault.TRUNCATED, Fault.BROKEN_IMAGE)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_frame_is_read(kind: str) -> None:
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "blue", "lime")]
    red, _, blue = corner(read(saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=50)))
    assert red > 200 > 50 > blue


def test_cmyk_becomes_rgb() -> None:
    red, green, blue = corner(read(saved(Image.new("CMYK", (40, 40), (0, 255, 255, 0)), "JPEG")))
    assert red > 200 > 60 > max(green, blue)


def test_16_bit_grey_keeps_its_middle() -> None:
    grey = Image.fromarray(np.full((40, 40), 32_768, dtype=np.uint16))
    assert corner(read(saved(grey))) == (128, 128, 128)


def test_a_palette_keeps_its_colours() -> None:
    assert corner(read(saved(Image.new("RGB", (40, 40), (10, 200, 30)).quantize(8)))) == (10, 200, 30)


def test_a_transparent_picture_lies_on_white() -> None:
    assert corner(read(saved(Image.new("RGBA", (40, 40), (0, 0, 0, 0))))) == (255, 255, 255)


def test_half_transparent_black_is_grey() -> None:
    assert corner(read(saved(Image.new("RGBA", (40, 40), (0, 0, 0, 128)))))[0] == pytest.approx(127, abs=1)


def test_a_transparent_palette_entry_lies_on_white() -> None:
    assert corner(read(saved(Image.new("P", (40, 40), 0), transparency=0))) == (255, 255, 255)


def test_grey_with_alpha_lies_on_white() -> None:
    assert corner(read(saved(Image.new("LA", (40, 40), (0, 0))))) == (255, 255, 255)


def test_black_and_white_becomes_rgb() -> None:
    assert read(saved(Image.new("1", (40, 40), 1))).mode == "RGB"


def test_a_photo_that_was_held_sideways_is_turned_upright() -> None:
    image = Image.new("RGB", (60, 30), "white")
    ImageDraw.Draw(image).rectangle((0, 0, 29, 29), fill="red")  # left half: the top, once turned
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90° clockwise to see it upright
    turned = read(saved(image, "JPEG", exif=exif, quality=95))
    assert turned.size == (30, 60)
    assert corner(turned)[1] < 60


def test_broken_exif_does_not_spoil_a_photo() -> None:
    content = saved(Image.new("RGB", (40, 40), "red"), "JPEG", exif=b"Exif\x00\x00MM\x00\xff\xff\xff\xff")
    assert read(content).size == (40, 40)


def test_a_large_photo_is_kept_small() -> None:
    assert read(saved(Image.new("RGB", (3000, 2000)))).size == (3 * SHORT_SIDE // 2, SHORT_SIDE)


def test_a_large_jpeg_is_decoded_at_a_fraction_of_its_size() -> None:
    assert read(saved(Image.new("RGB", (3000, 2000)), "JPEG")).size == (1500, 1000)


def test_what_an_encoder_shrinks_anyway_is_not_shrunk_twice() -> None:
    assert read(saved(Image.new("RGB", (1080, 1350)))).size == (1080, 1350)


def test_a_small_photo_is_not_blown_up() -> None:
    assert read(saved(Image.new("RGB", (30, 20)))).size == (30, 20)


def test_a_long_strip_is_cut_about_its_centre() -> None:
    strip = Image.new("RGB", (9000, 100), "red")
    strip.paste("blue", (4400, 0, 4600, 100))
    shown = read(saved(strip))
    assert shown.size == (400, 100)
    assert shown.getpixel((200, 50)) == (0, 0, 255)


def test_a_picture_of_one_pixel_is_read() -> None:
    assert read(saved(Image.new("RGB", (1, 1), "red"))).size == (1, 1)


def test_the_same_bytes_give_the_same_pixels() -> None:
    content = noisy_jpeg()
    assert read(content).tobytes() == read(content).tobytes()


def test_a_reason_tells_code_and_numbers() -> None:
    with pytest.raises(PhotoRefused) as caught:
        read(png_header(4000, 5000))
    assert caught.value.unreadable.reason == "too-many-pixels: got 4000 × 5000, expected 10000000 or fewer"
