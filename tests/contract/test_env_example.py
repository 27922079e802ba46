"""`.env.example` lists every setting with its default, meaning and range; compared with the code."""

import importlib
import json
import re
from pathlib import Path

import pytest
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from shared.settings import PREFIX, SettingsGroup

ROOT = Path(__file__).parents[2]
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
COMPOSE = "# --- Compose"  # what stands below it is read by docker-compose.yml alone


def _groups() -> list[type[SettingsGroup]]:
    paths = sorted([*ROOT.glob("*/settings.py"), *ROOT.glob("shared/*/settings.py")])
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in paths]
    modules = [importlib.import_module(name) for name in names]
    found = {value for module in modules for value in vars(module).values() if isinstance(value, type)}
    return sorted((group for group in found if issubclass(group, SettingsGroup)), key=lambda group: group.__name__)


FIELDS: dict[str, FieldInfo] = {
    PREFIX + name.upper(): field for group in _groups() for name, field in group.model_fields.items()
}
LINES = dict(re.findall(r"^(WARMLINE_\w+)=(.*)$", EXAMPLE.partition(COMPOSE)[0], re.MULTILINE))
COMMENTS = {name: comment for comment, name in re.findall(r"^# (.*)\n(WARMLINE_\w+)=", EXAMPLE, re.MULTILINE)}


LISTED = sorted(FIELDS.keys() & LINES.keys())  # what is missing is one failure, not four


def test_it_lists_every_setting_of_the_code_and_no_other() -> None:
    assert sorted(LINES) == sorted(FIELDS)


def test_it_lists_nothing_twice() -> None:
    names = re.findall(r"^(WARMLINE_\w+)=", EXAMPLE, re.MULTILINE)
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("name", LISTED)
def test_its_value_is_the_default(name: str) -> None:
    assert _same(LINES[name], FIELDS[name].default)


@pytest.mark.parametrize("name", LISTED)
def test_it_says_what_the_setting_means(name: str) -> None:
    description = FIELDS[name].description
    assert description
    assert COMMENTS[name].startswith(description)


@pytest.mark.parametrize("name", LISTED)
def test_it_says_the_range(name: str) -> None:
    bounds = [
        getattr(rule, at) for rule in FIELDS[name].metadata for at in ("ge", "gt", "le", "lt") if hasattr(rule, at)
    ]
    said = [float(number) for number in re.findall(r"-?\d[\d.]*(?:e[+-]?\d+)?", COMMENTS[name])]
    assert [bound for bound in bounds if float(bound) not in said] == []


@pytest.mark.parametrize("name", [name for name in LISTED if "SecretStr" in str(FIELDS[name].annotation)])
def test_a_secret_is_blank(name: str) -> None:
    assert LINES[name] == ""


def _same(text: str, default: object) -> bool:
    if default is None or default is PydanticUndefined or default in ("", ()):
        return text == ""
    if isinstance(default, dict):
        return bool(json.loads(text) == default)
    if isinstance(default, bool):
        return text.lower() == str(default).lower()
    if isinstance(default, int | float):
        return float(text) == default
    return text == str(default)
