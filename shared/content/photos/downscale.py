"""What the encoder and the fingerprint need of a photo, a twentieth of its pixels. Runs where photos are decoded, so
that the rest need not be copied into another process; without NumPy and PyTorch, which take long to import."""

from PIL import Image

from shared.content.target_size import TargetSize

# Steps a side between cells: more lose photos that were cut, fewer take different photos for the same.
GRID = 8
CELLS = (GRID + 1) ** 2


def resize(image: Image.Image, target: TargetSize) -> Image.Image:
    """The image in an encoder's size, as torchvision's `Resize` gives it: a second one changes nothing."""
    width, height = image.size
    short, side = min(width, height), target.shorter_side
    size = (int(side * width / short), int(side * height / short))
    return image if size == image.size else image.resize(size, target.resampling)


def brightness_cells(image: Image.Image) -> bytes:
    """The brightness of each cell of a coarse grid, row by row."""
    return image.convert("L").resize((GRID + 1, GRID + 1), Image.Resampling.BOX).tobytes()
