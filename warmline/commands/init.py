"""`warmline init`: adds missing secrets to `.env`, and changes nothing else in it."""

import os
from pathlib import Path

from rich.text import Text

from shared.errors import ConfigurationError
from shared.text.safe_console import SafeConsole
from warmline.env_file import add_missing_secrets

ENV_FILE = Path(".env")  # in the working folder, as the settings read it


def run_init() -> int:
    """Add missing secrets; returns the exit code.

    Raises:
        ConfigurationError: the file cannot be read or written.
    """
    try:
        added = add_to_file(ENV_FILE.resolve())
    except OSError as error:
        raise ConfigurationError(f"{ENV_FILE}: {error.strerror}; see to whose it is, or write it elsewhere") from None
    said = f"{ENV_FILE}: added {', '.join(added)}, random" if added else f"{ENV_FILE}: lacks no secret"
    SafeConsole(highlight=False).print(Text(said), soft_wrap=True)
    return 0


def add_to_file(path: Path) -> list[str]:
    """Add missing secrets to a file, which is created if necessary; then only its owner may read it."""
    before = path.read_bytes().decode(errors="surrogateescape") if path.exists() else ""
    after, added = add_missing_secrets(before, known={name for name, value in os.environ.items() if value})
    if added:
        unfinished = path.with_name(path.name + ".unfinished")
        unfinished.unlink(missing_ok=True)
        with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(after.encode(errors="surrogateescape"))
        unfinished.replace(path)
    return added
