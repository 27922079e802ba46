"""Makes `import timm` and `import transformers` work beside a torchvision of another build. Call it before either.

The registry's torchvision wheel is built for CUDA. Beside a CPU torch its compiled part does not load, and importing
it fails with `operator torchvision::nms does not exist`, although neither library needs that operator for our models.
Declaring the two missing operators cures it; where torchvision matches torch, or is absent, nothing is done.
Compiled torchvision operators and its image decoding stay unusable: Pillow decodes.
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
        Whether they are declared by us, now or before.
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
    """Where torchvision is installed, without importing it."""
    spec = find_spec("torchvision")
    return Path(spec.origin).parent if spec and spec.origin else None


def declare_operators() -> torch.library.Library:
    """Names and signatures only; calling one of the operators still fails."""
    library = torch.library.Library("torchvision", "FRAGMENT")
    for signature in _OPERATORS:
        library.define(signature)
    return library
