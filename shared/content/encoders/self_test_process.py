"""`python -m shared.content.encoders.self_test_process IMAGE_ENCODER TEXT_ENCODER [FOLDER]`: builds both
and encodes a sample.

It is a separate process, so that the doctor does not load PyTorch and survives a crash of a model's library. It does
not use the hub: a model that would have to be downloaded is `ABSENT`.

    out: a line of JSON for each encoder (`EncoderTestResult`)
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct, json

from shared.errors import EncoderFault, EncoderUnavailable

GOOD, ABSENT, BROKEN = "good", "absent", "broken"
OFFLINE = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")  # read when the hub's client is imported


class EncoderTestResult(Struct, kw_only=True):
    """The result for one encoder."""

    name: str
    outcome: str  # one of the above
    detail: str = ""  # what is wrong with it


def main(image: str, text: str, folder: Path | None) -> None:
    """Test both, and write a line for each."""
    os.environ.update(dict.fromkeys(OFFLINE, "1"))
    from shared.content.encoders.registry import build_image_encoder, build_text_encoder
    from shared.content.encoders.self_test import check_image_encoder, check_text_encoder

    _write(_test(image, lambda: check_image_encoder(build_image_encoder(image, folder=folder))))
    _write(_test(text, lambda: check_text_encoder(build_text_encoder(text, folder=folder))))


def _test(name: str, attempt: Callable[[], None]) -> EncoderTestResult:
    try:
        attempt()
    except EncoderUnavailable as error:
        return EncoderTestResult(name=name, outcome=ABSENT, detail=str(error))
    except EncoderFault as error:
        return EncoderTestResult(name=name, outcome=BROKEN, detail=str(error))
    return EncoderTestResult(name=name, outcome=GOOD)


def _write(result: EncoderTestResult) -> None:
    sys.stdout.buffer.write(json.encode(result) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]) if len(sys.argv) > 3 else None)
