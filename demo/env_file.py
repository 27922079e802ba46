"""`make env`: writes `.env` from `.env.example` with a random value for each blank secret. It needs no package."""

import sys
from pathlib import Path

from demo.secret_files import write_private
from warmline.env_file import fill_secrets


def main() -> None:
    """Write the file, mode 600; exit code 2 if it exists already."""
    example, target = map(Path, sys.argv[1:])
    if target.exists():
        sys.stderr.write(
            f"{target}: is there already and is not overwritten; move it away first, or say `warmline init`\n"
        )
        sys.exit(2)
    if not example.exists():
        sys.stderr.write(f"{example}: is not there; run this in the checkout\n")
        sys.exit(2)
    write_private(target, fill_secrets(example.read_text(encoding="utf-8")))


if __name__ == "__main__":
    main()
