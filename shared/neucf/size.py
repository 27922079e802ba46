"""How many bytes a saved model takes. Pure, and without PyTorch, for the doctor asks as well."""

from shared.neucf.config import MEMBERS, NeuCFConfig

FLOAT, KEY = 4, 8  # bytes of a weight, and of the key that names a row
BESIDE = 4_000_000  # bytes of layers, content's components and manifest, whatever the encoders: rows are the most of it


def model_bytes(*, users: int, posts: int, members: int = MEMBERS) -> int:
    """At most, for a model of the shape that trainings have.

    Args:
        users: with a row.
        posts: with a row.
        members: that are served as their mean, side by side in each row.
    """
    row = FLOAT * NeuCFConfig().width * members + KEY
    return (users + posts + 2) * row + FLOAT * (posts + 1) + BESIDE  # each post has a bias, each table an unknown row
