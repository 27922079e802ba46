"""The hooks that mkdocs calls while it builds the site (`hooks` in mkdocs.yml)."""

import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from docs_site.markdown import table
from docs_site.reference import fill_in

ROOT = Path(__file__).parents[1]
DECISIONS = "adr"
PICTURE = re.compile(r"(!\[[^]]*\]\([^)]*)-light\.svg\)")  # in the repository only the light one is named
# How the repository's pages link to what the site holds elsewhere.
LINKS = {
    "../../CHANGELOG.md": "../changelog.md",
    "../../s02_train_neucf/EXPERIMENTS.md": "experiments.md",
    "../adr": "../adr/index.md",
}
# Pages whose text stands elsewhere in the repository, for it belongs beside the code.
BORROWED = {"changelog.md": "CHANGELOG.md", "explanation/experiments.md": "s02_train_neucf/EXPERIMENTS.md"}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put every decision into the navigation, where mkdocs.yml names their folder."""
    config.nav = _expanded(config.nav)
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the borrowed pages and the list of decisions."""
    for uri, source in BORROWED.items():
        files.append(File.generated(config, uri, abs_src_path=str(ROOT / source)))
    files.append(File.generated(config, f"{DECISIONS}/index.md", content=_list_of_decisions()))
    return files


def on_page_markdown(markdown: str, *, page: Page, **_: Any) -> str:
    """Insert generated parts, and show each picture in the colours of the reader's mode."""
    if page.file.src_uri in BORROWED:  # their text may name a mark without meaning it
        return markdown
    for in_repository, in_site in LINKS.items():
        markdown = markdown.replace(f"]({in_repository})", f"]({in_site})")
    return PICTURE.sub(r"\1-light.svg#only-light)\1-dark.svg#only-dark)", fill_in(markdown))


def on_post_build(config: MkDocsConfig) -> None:
    """Remove the theme's 404 page: it loads its style from the root of a server, which files do not have."""
    (Path(config.site_dir) / "404.html").unlink(missing_ok=True)


def _expanded(nav: Any) -> Any:
    if isinstance(nav, list):
        return [_expanded(entry) for entry in nav]
    if isinstance(nav, dict):
        return {title: _expanded(entry) for title, entry in nav.items()}
    return (
        [f"{DECISIONS}/index.md", *[f"{DECISIONS}/{path.name}" for path in _decisions()]] if nav == DECISIONS else nav
    )


def _decisions() -> list[Path]:
    return sorted((ROOT / "docs" / DECISIONS).glob("[0-9]*.md"))


def _list_of_decisions() -> str:
    rows = [
        (f"[{path.stem[:4]}]({path.name})", path.read_text(encoding="utf-8").splitlines()[0].partition(". ")[2])
        for path in _decisions()
    ]
    about = "Each says the context, the options, the choice and its cost."
    return f"# Decisions\n\n{about}\n\n{table(('number', 'decision'), rows)}\n"
