"""The settings as tables, made from their classes; those of compose alone, from `.env.example`."""

import importlib
import json
import re
from pathlib import Path

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from docs_site.markdown import code, table
from shared.settings import PREFIX, SettingsGroup

ROOT = Path(__file__).parents[1]
HEAD = ("setting", "default", "range", "meaning")
COMPOSE = "# --- Compose"  # the last part of .env.example
BOUNDS = {"ge": "from {}", "gt": "above {}", "le": "to {}", "lt": "below {}", "min_length": "at least {} characters"}


def settings_reference() -> str:
    """One section for each group of settings, then those that only docker-compose.yml reads."""
    parts = [f"## {_title(group)}\n\n{_text(group)}\n\n{_table(group)}" for group in groups()]
    return "\n\n".join([*parts, _compose_only()])


def groups() -> list[type[SettingsGroup]]:
    """Every class of settings in the code, in the order of `.env.example`."""
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    order = re.findall(rf"^({PREFIX}\w+)=", example, re.MULTILINE)
    paths = [*ROOT.glob("*/settings.py"), *ROOT.glob("shared/*/settings.py")]
    modules = [importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts)) for path in paths]
    found = {value for module in modules for value in vars(module).values() if isinstance(value, type)}
    known = [group for group in found if issubclass(group, SettingsGroup) and _own_fields(group)]
    return sorted(known, key=lambda group: order.index(_variable(next(iter(_own_fields(group))))))


def _own_fields(group: type[SettingsGroup]) -> dict[str, FieldInfo]:
    """The fields that no parent class has: each setting stands in one table."""
    inherited = {name for parent in group.__mro__[1:] for name in getattr(parent, "model_fields", {})}
    return {name: field for name, field in group.model_fields.items() if name not in inherited}


def _variable(name: str) -> str:
    return PREFIX + name.upper()


def _title(group: type[SettingsGroup]) -> str:
    """`NewPostSettings` → `New post settings`."""
    words = re.findall(r"[A-Z][a-z]*", group.__name__)
    return " ".join([words[0], *[word.lower() for word in words[1:]]])


def _text(group: type[SettingsGroup]) -> str:
    return (group.__doc__ or "").strip()


def _table(group: type[SettingsGroup]) -> str:
    return table(HEAD, [_row(name, field) for name, field in _own_fields(group).items()])


def _row(name: str, field: FieldInfo) -> tuple[str, str, str, str]:
    return code(_variable(name)), _default(field), _range(field), field.description or ""


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    default = field.default
    if default is None or default is PydanticUndefined or default in ("", ()):
        return ""
    if isinstance(default, bool):
        return code(str(default).lower())
    if isinstance(default, dict):
        return code(json.dumps({str(key): value for key, value in default.items()}))
    return code(default)


def _range(field: FieldInfo) -> str:
    choices = re.findall(r"'([^']+)'", str(field.annotation)) if "Literal" in str(field.annotation) else []
    if choices:
        return "one of " + ", ".join(code(choice) for choice in choices)
    bounds = [
        text.format(_number(getattr(rule, at)))
        for at, text in BOUNDS.items()
        for rule in field.metadata
        if getattr(rule, at, None) is not None
    ]
    return " ".join(bounds)


def _number(value: float) -> str:
    return f"{value:,.10g}" if abs(value) >= 10_000 else f"{value:g}"


def _compose_only() -> str:
    example = (ROOT / ".env.example").read_text(encoding="utf-8").partition(COMPOSE)[2]
    rows = re.findall(rf"^# (.*)\n({PREFIX}\w+)=(.*)$", example, re.MULTILINE)
    made = table(("setting", "default", "meaning"), [(code(name), code(value), text) for text, name, value in rows])
    return f"## Compose\n\nRead by `docker-compose.yml` alone, not by the services.\n\n{made}"
