"""How many bytes a saved model takes. Pure, and without PyTorch, because the doctor uses it too."""

from shared.neucf.config import MEMBERS, NeuCFConfig

FLOAT, ID_HASH = 4, 8  # bytes of a weight, and of the id hash of a row
OTHER_BYTES = 5_000_000  # bytes of layers, content components and manifest, with any encoders; rows take most


def model_bytes(*, users: int, posts: int, members: int = MEMBERS) -> int:
    """An upper bound, for a model of the default shape.

    Args:
        users: with a row.
        posts: with a row.
        members: models that are merged, side by side in each row.
    """
    row = FLOAT * NeuCFConfig().width * members + ID_HASH
    numbers = 2 * FLOAT * (posts + 1)  # a bias, and the share of content
    return (users + posts + 2) * row + numbers + OTHER_BYTES  # each table has an unknown row
