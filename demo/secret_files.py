"""Makes random secrets once, and keeps them in files that only their owner may read."""

import json
import os
import secrets
import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The secrets of the timeline. Never logged, never printed."""

    admin_token: str
    api_key: str
    jwt_key: str
    signing_key: str

    @property
    def environment(self) -> dict[str, str]:
        """The variables that the services read."""
        return {f"WARMLINE_{name.upper()}": value for name, value in asdict(self).items()}


def load_keys(path: Path, environment: Mapping[str, str]) -> Keys:
    """Keys from the environment, else from the file, else new ones, which are written to the file."""
    stored = json.loads(path.read_text()) if path.exists() else {}
    names = Keys.__dataclass_fields__
    made = {name: stored.get(name) or secrets.token_hex(32) for name in names}
    if made != stored:
        write_private(path, json.dumps(made))
    return Keys(**{name: environment.get(f"WARMLINE_{name.upper()}") or made[name] for name in names})


def write_environment(path: Path, variables: Mapping[str, str]) -> None:
    """Write variables for a second terminal, in a form that shells and python-dotenv read alike."""
    lines = [f"# set -a; . {shlex.quote(str(path))}; set +a"]
    lines.extend(f"{name}={shlex.quote(value)}" for name, value in variables.items())
    write_private(path, "\n".join(lines) + "\n")


def write_private(path: Path, text: str) -> None:
    """Write a file atomically; only its owner may read it, from the first byte on."""
    unfinished = path.with_name(path.name + ".unfinished")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    unfinished.replace(path)
