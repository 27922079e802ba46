"""Writes a `.env` out of `.env.example`, with a random value for each blank secret: `make env`. Wants no package."""

import re
import secrets
import sys
from pathlib import Path

from demo.secret_files import write_private

_BLANK_SECRET = re.compile(r"^(WARMLINE_\w*(?:TOKEN|KEY|PASSWORD|SECRET|SALT))=[ \t]*(?=#|$)", re.MULTILINE)


def fill_secrets(example: str) -> str:
    """The example with a random value after each secret that is blank; all else stays as it is."""
    return _BLANK_SECRET.sub(lambda found: f"{found[1]}={secrets.token_hex(32)}", example)


def main() -> None:
    """Write the file, mode 600; exit 2 when it is there already."""
    example, target = map(Path, sys.argv[1:])
    if target.exists():
        sys.stderr.write(f"{target}: is there already and is not overwritten; move it away first\n")
        sys.exit(2)
    if not example.exists():
        sys.stderr.write(f"{example}: is not there; run this in the checkout\n")
        sys.exit(2)
    write_private(target, fill_secrets(example.read_text(encoding="utf-8")))


if __name__ == "__main__":
    main()
