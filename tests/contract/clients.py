"""`python -m tests.contract.clients` (`make clients`): the clients, generated from the timeline's OpenAPI document.

With `--check` nothing is written; exit code 1: what is committed is not what would be generated.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from docs_site.http_reference import document

ROOT = Path(__file__).parents[2]
CLIENTS = ROOT / "clients"
DOCUMENT = CLIENTS / "openapi.json"
SCHEMA = CLIENTS / "typescript" / "src" / "schema.ts"
PACKAGE = CLIENTS / "python" / "warmline_client"
BIN = ROOT / ".warmline" / "generators" / "bin"
TYPESCRIPT = CLIENTS / "typescript" / "node_modules" / ".bin" / "openapi-typescript"


def document_text() -> str:
    """The OpenAPI document as it is committed: one line for each thing, so that a change is a small difference."""
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"


def generators_environment() -> dict[str, str]:
    """The environment in which the generators find each other, and Node."""
    return {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"}


def generate(folder: Path) -> Mapping[Path, Path]:
    """Generate all into a folder; returns the place of each file or folder in the checkout, and where it is now."""
    made, schema, project = folder / "openapi.json", folder / "schema.ts", folder / "project"
    made.write_text(document_text(), encoding="utf-8")
    _run([TYPESCRIPT, made, "--output", schema, "--alphabetize", "--default-non-nullable", "false"])
    config = CLIENTS / "python" / "generator.yml"
    options: list[str | Path] = [
        "--path",
        made,
        "--config",
        config,
        "--output-path",
        project,
        "--meta",
        "setup",
        "--fail-on-warning",
    ]
    _run([BIN / "openapi-python-client", "generate", *options])
    return {DOCUMENT: made, SCHEMA: schema, PACKAGE: project / PACKAGE.name}


def differences(committed: Path, made: Path) -> list[str]:
    """The files that are not the same, or only in one of the two."""
    if made.is_file():
        return [] if committed.is_file() and committed.read_bytes() == made.read_bytes() else [committed.name]
    names = {path.relative_to(folder) for folder in (committed, made) for path in folder.rglob("*") if _counts(path)}
    return [str(name) for name in sorted(names) if _bytes(committed / name) != _bytes(made / name)]


def main(arguments: list[str]) -> int:
    """Write what is generated into the checkout, or with `--check` say what is not up to date."""
    with tempfile.TemporaryDirectory() as name:
        generated = generate(Path(name))
        changed = [each for committed, made in generated.items() for each in differences(committed, made)]
        if arguments == ["--check"]:
            sys.stderr.writelines(f"{each}: is not what would be generated; make clients\n" for each in changed)
            return int(bool(changed))
        for committed, made in generated.items():
            if made.is_dir():
                shutil.rmtree(committed, ignore_errors=True)
                shutil.copytree(made, committed)
            else:
                shutil.copyfile(made, committed)
    sys.stdout.write(f"clients: {len(changed)} files changed\n")
    return 0


def _run(command: list[str | Path]) -> None:
    subprocess.run(command, env=generators_environment(), check=True, stdout=subprocess.DEVNULL)


def _counts(path: Path) -> bool:
    return path.is_file() and "__pycache__" not in path.parts


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
