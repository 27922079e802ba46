"""The documentation: it builds, takes nothing from elsewhere, and says all that the code has."""

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from docs_site.check_offline import findings
from docs_site.http_reference import document
from docs_site.markdown import table
from docs_site.pictures import FOLDER, pictures
from docs_site.redis_reference import redis_reference
from docs_site.settings_reference import groups
from shared.db.tables import metadata
from shared.domain import Source
from shared.ranked_lists.codec import RankedList
from shared.ranked_lists.cursor import Cursor, sign
from shared.signing import SigningKeys
from timeline.feed.feed_id import feed_id

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)|(?:src|srcset)=\"([^\"]+)\"")


def build(config: Path, site: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "mkdocs", "build", "--config-file", str(config), "--site-dir", str(site)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site, as `make docs` builds it."""
    folder = tmp_path_factory.mktemp("site")
    done = build(ROOT / "mkdocs.yml", folder)
    assert done.returncode == 0, done.stderr
    return folder


def text_of(page: Path) -> str:
    """What a reader sees of a page, without the marks of HTML."""
    return re.sub(r"<[^>]+>", "", page.read_text(encoding="utf-8"))


def test_the_site_takes_nothing_from_elsewhere(site: Path) -> None:
    assert list(findings(site)) == []


def test_every_route_and_body_is_in_the_reference(site: Path) -> None:
    page, made = text_of(site / "reference" / "http.html"), document()
    routes = {f"{method.upper()} {path}" for path, methods in made["paths"].items() for method in methods}
    assert [name for name in (*routes, *made["components"]["schemas"]) if name not in page] == []


def test_every_setting_is_in_the_reference(site: Path) -> None:
    page = text_of(site / "reference" / "settings.html")
    names = {f"WARMLINE_{name.upper()}" for group in groups() for name in group.model_fields}
    assert len(names) > 50
    assert [name for name in names if name not in page] == []


def test_every_command_is_in_the_reference(site: Path) -> None:
    page = text_of(site / "reference" / "commands.html")
    source = (ROOT / "warmline" / "__main__.py").read_text(encoding="utf-8")
    names = re.findall(r'_?commands?\.command\("(\w+)"|app\.command\("(\w+)"', source)
    wanted = [one or other for one, other in names]
    assert len(wanted) > 10
    assert [name for name in wanted if not re.search(rf"warmline (?:phase |installation )?{name}\b", page)] == []


def test_every_decision_is_listed(site: Path) -> None:
    page = (site / "adr" / "index.html").read_text(encoding="utf-8")
    assert [path.stem for path in (ROOT / "docs" / "adr").glob("0*.md") if f'"{path.stem}.html"' not in page] == []


def test_nothing_that_is_generated_was_left_out(site: Path) -> None:
    assert [page for page in site.rglob("*.html") if "<!-- generated" in page.read_text(encoding="utf-8")] == []


def test_broken_links_end_the_build(tmp_path: Path) -> None:
    """With the settings of the site, and two pages in place of all."""
    config = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("nav:")[0]
    (tmp_path / "mkdocs.yml").write_text(
        re.sub(r"^(hooks|extra_css):.*\n|^  polyfills:.*\n", "", config, flags=re.MULTILINE)
    )
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "tutorial.md").write_text("# Tutorial\n")
    (docs / "index.md").write_text("# Home\n\n[whole](tutorial.md#tutorial)\n")
    assert build(tmp_path / "mkdocs.yml", tmp_path / "site").returncode == 0
    (docs / "index.md").write_text("# Home\n\n[a page](nowhere.md), [a part](tutorial.md#no-such-part)\n")
    broken = build(tmp_path / "mkdocs.yml", tmp_path / "site")
    assert broken.returncode == 1
    assert "nowhere.md" in broken.stderr
    assert "no-such-part" in broken.stderr


@pytest.mark.parametrize(
    "page",
    [
        '<script src="https://cdn.example/a.js"></script>',
        '<link rel="stylesheet" href="//fonts.example/css">',
        "<style>body { background: url(https://cdn.example/a.png) }</style>",
        '<pre class="mermaid"><code>graph</code></pre>',
    ],
)
def test_what_comes_from_elsewhere_is_found(page: str, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(page)
    assert len(list(findings(tmp_path))) == 1


def test_a_link_to_elsewhere_is_no_finding(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text('<a href="https://example.org">there</a><img src="here.svg">')
    assert list(findings(tmp_path)) == []


def test_the_pictures_are_those_that_the_script_draws() -> None:
    assert {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.svg")} == dict(pictures())


def test_every_table_has_its_bound_in_what_is_stored() -> None:
    page = (ROOT / "docs" / "reference" / "what-is-stored.md").read_text(encoding="utf-8")
    listed = {name for row in re.findall(r"^\| (`.*?) \|", page, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}
    assert {table.name for table in metadata.sorted_tables} - listed == set()


def test_redis_keys_are_read_from_their_module() -> None:
    assert "| `wl:tail:{slot}:{user}` |" in redis_reference()
    assert "| 2 × EVERYONE_LENGTH + 3 × LIST_LENGTH + 2 × SEEN_LENGTH | CHAIN_MINUTES |" in redis_reference()


def test_a_cell_keeps_bars_and_lines_in_it() -> None:
    assert table(("a", "b"), [("x|y\nz", "`p|q`")]) == "| a | b |\n| --- | --- |\n| x&#124;y z | `p|q` |"


def test_the_readme_is_short_and_its_links_lead_somewhere() -> None:
    links = {one or other for one, other in LINK.findall(README)}
    local = {link for link in links if not link.startswith("http")}
    assert len(README.splitlines()) <= 200
    assert len(local) > 10
    assert [link for link in local if not (ROOT / link).exists()] == []


def test_sample_pages_have_feed_ids_and_cursors_of_today() -> None:
    keys, nonce = SigningKeys(current=b"sample"), bytes(8)
    ranked = RankedList(source=Source.HEURISTIC, generation=1, generated_at=datetime.now(UTC), entries=b"")
    of_today = {
        "feed_id": feed_id(ranked, 0, nonce, user_id="u", keys=keys),
        "next_cursor": sign(Cursor(slot=0, nonce=nonce, position=0), user_id="u", keys=keys),
    }
    pages = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").rglob("*.md"))]
    for name, made in of_today.items():
        samples = [sample for page in pages for sample in re.findall(rf'"{name}": "([\w-]+)"', page)]
        assert len(samples) >= 3
        assert {(sample[0], len(sample)) for sample in samples} == {(made[0], len(made))}
