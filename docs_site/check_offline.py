"""Checks that a built site loads nothing from other hosts: `python -m docs_site.check_offline site`."""

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

# What a browser fetches by itself; a link that a reader follows may lead elsewhere.
FETCHED = re.compile(
    r"""<(?:script|img|iframe|source|video|audio|embed)\b[^>]*?\bsrc=["']?((?:https?:)?//[^"'\s>]+)"""
    r"""|<link\b[^>]*?\bhref=["']?((?:https?:)?//[^"'\s>]+)"""
    r"""|\burl\(\s*["']?((?:https?:)?//[^"')\s]+)|@import\s+["']((?:https?:)?//[^"']+)""",
    re.IGNORECASE,
)
MERMAID = re.compile(r'class="?[^">]*\bmermaid\b')  # the theme would load the library for it from a CDN


def findings(site: Path) -> Iterator[str]:
    """One line for each resource that a page or a style loads from another host."""
    for path in sorted([*site.rglob("*.html"), *site.rglob("*.css")]):
        text = path.read_text(encoding="utf-8")
        for found in FETCHED.finditer(text):
            yield f"{path.relative_to(site)}: takes {next(url for url in found.groups() if url)} from elsewhere"
        if MERMAID.search(text):
            yield f"{path.relative_to(site)}: a mermaid diagram, whose library comes from elsewhere; draw an SVG"


def main(arguments: list[str] | None = None) -> int:
    """Print what is loaded from other hosts; returns 1 if there is anything."""
    parser = argparse.ArgumentParser(prog="docs_site.check_offline", description=__doc__)
    parser.add_argument("site", type=Path, help="folder of the built site")
    found = list(findings(parser.parse_args(arguments).site))
    sys.stderr.writelines(f"{line}\n" for line in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
