"""Makes `import timm` and `import transformers` work with a torchvision of another build. Call it before either.

The default torchvision wheel is built for CUDA. With a CPU build of torch its compiled part cannot be loaded, and its
import fails with `operator torchvision::nms does not exist`, although our models do not need that operator.
Declaring the two missing operators solves this; if torchvision matches torch, or is absent, nothing is done.
The compiled operators and image decoding of torchvision stay unusable: Pillow decodes.
"""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import torch

_OPERATORS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_declared: list[torch.library.Library] = []  # torch forgets the operators when the last reference goes


def guard_torchvision(
    folder: Callable[[], Path | None] = lambda: torchvision_folder(),
    load: Callable[[str], None] = torch.ops.load_library,
    declare: Callable[[], torch.library.Library] = lambda: declare_operators(),
) -> bool:
    """Declare torchvision's operators if its compiled part cannot be loaded.

    Returns:
        Whether we declared them, now or earlier.
    """
    place = folder()
    if _declared or place is None:
        return bool(_declared)
    try:
        load(str(place / "_C.so"))
    except OSError:  # the file is not there, or asks for symbols that this torch does not have
        _declared.append(declare())
    return bool(_declared)


def torchvision_folder() -> Path | None:
    """The folder of torchvision, found without importing it."""
    spec = find_spec("torchvision")
    return Path(spec.origin).parent if spec and spec.origin else None


def declare_operators() -> torch.library.Library:
    """Declare names and signatures only; calling one of the operators still fails."""
    library = torch.library.Library("torchvision", "FRAGMENT")
    for signature in _OPERATORS:
        library.define(signature)
    return library
