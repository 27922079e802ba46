"""The commands: the operator's from typer, the services' from argparse, `make`'s from the Makefile."""

import os
import re
import subprocess
import sys
from pathlib import Path

from docs_site.markdown import code, table
from shared.jobs.names import SERVICES as JOB_SERVICES

ROOT = Path(__file__).parents[1]
SERVICES = (*JOB_SERVICES.values(), "timeline")
# Help that typer must not wrap stands behind two empty lines in its document, up to the usage.
FIXED = re.compile(r"\n\n\n(.*?)\n\n(?=\*\*Usage)", re.DOTALL)


def operator_reference() -> str:
    """A section for each command of `warmline`, as typer writes them."""
    made = _printed_by("typer", "warmline.__main__", "utils", "docs", "--name", "warmline")
    sections = made.partition("\n## ")[2]
    return FIXED.sub(lambda help_text: f"\n\n```text\n{help_text[1]}\n```\n\n", f"## {sections}").replace("&#x27;", "'")


def service_reference() -> str:
    """`--help` of each service."""
    return "\n\n".join(
        f"### `python -m {name}`\n\n```text\n{_printed_by(name, '--help').strip()}\n```" for name in SERVICES
    )


def make_reference() -> str:
    """The targets of the Makefile with what each does, as `make help` lists them."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    rows = re.findall(r"^([a-z]+):.*## (.*)$", makefile, re.MULTILINE)
    return table(("command", "does"), [(code(f"make {name}"), text) for name, text in rows])


def _printed_by(*module: str) -> str:
    """What a module of Python prints, at a width and in colours that do not depend on the terminal."""
    environment = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1"}
    command = [sys.executable, "-m", *module]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout
