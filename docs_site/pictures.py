"""Draws the pictures of the documentation, out of docs/pictures/run.json: `python -m docs_site.pictures`."""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from docs_site import charts, diagrams
from docs_site.svg import DARK, LIGHT
from docs_site.terminal import terminal

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
RUN = FOLDER / "run.json"


def pictures() -> Iterator[tuple[str, str]]:
    """Each file's name and text: every picture in light and in dark, and the terminal."""
    run = json.loads(RUN.read_text(encoding="utf-8"))
    for mode, palette in (("light", LIGHT), ("dark", DARK)):
        drawings = {
            "flow": diagrams.flow(palette),
            "page": diagrams.page(palette),
            "replay": diagrams.replay(palette),
            "learning-curves": charts.learning_curves(run, palette),
            "comparison": charts.comparison(run, palette),
        }
        for name, drawing in drawings.items():
            yield f"{name}-{mode}.svg", drawing.render()
    status = (FOLDER / "status.txt").read_text(encoding="utf-8")
    yield "status.svg", terminal("What warmline status shows after make demo", status).render()


def main(arguments: list[str] | None = None) -> int:
    """Write the files; returns the exit code."""
    argparse.ArgumentParser(prog="docs_site.pictures", description=__doc__).parse_args(arguments)
    for name, text in pictures():
        (FOLDER / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
