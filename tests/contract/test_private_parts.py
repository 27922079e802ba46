"""No private part of another package is used: nothing that another release of it may rename or drop without a word.

What an underscore hides is its folder's. `self._x` is a foreign part, too, where no code of ours makes it: it was
inherited.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator, Set
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = (
    "shared", "s01_heuristic", "s02_train_neucf", "s02_recsys_neucf", "timeline", "warmline", "demo", "benchmarks",
    "docs_site", "mlflow_server", "postgres_server",
)  # fmt: skip
# What their packages document in spite of the underscore: of named tuples, and the end of a process.
DOCUMENTED = {"_replace", "_asdict", "_fields", "_make", "_exit"}
BY_NAME = {"getattr", "setattr", "hasattr", "delattr", "attrgetter", "methodcaller"}


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name.strip("_") != "" and name not in DOCUMENTED


def _made(tree: ast.AST) -> Iterator[str]:
    """Private names that a module makes: functions, classes, variables, attributes of its own objects."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and _is_own(node.value):
            yield node.attr


def _is_own(base: ast.expr) -> bool:
    """self, cls, super()."""
    if isinstance(base, ast.Call):
        return isinstance(base.func, ast.Name) and base.func.id == "super"
    return isinstance(base, ast.Name) and base.id in {"self", "cls"}


def foreign_parts(tree: ast.AST, ours: set[str], near: Set[str] = frozenset()) -> Iterator[tuple[int, str]]:
    """Line and name of each private part that is not ours.

    Args:
        tree: of a module.
        ours: private names that any of our modules makes; an object of our own may have inherited them.
        near: those that the modules of the same folder make.
    """
    here = near | set(_made(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and _is_private(node.attr):
            if node.attr not in (ours | here if _is_own(node.value) else here):
                yield node.lineno, node.attr
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from ((node.lineno, name) for name in _private_imports(node))
        elif isinstance(node, ast.Call):
            yield from ((node.lineno, name) for name in _named(node) if name not in here)


def _private_imports(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    names = [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        names = [f"{node.module or ''}.{name}" for name in names]
    for name in names:
        package, *parts = name.split(".")
        if package not in OURS and any(map(_is_private, [package, *parts])):
            yield name


def _named(node: ast.Call) -> Iterator[str]:
    """Private names that are given as text: `getattr(connection, "_writer")`."""
    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if called in BY_NAME:
        texts = [each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        yield from (part for text in texts for part in text.split(".") if _is_private(part))


def test_no_private_part_of_another_package_is_used() -> None:
    trees = {path: ast.parse(path.read_text()) for package in OURS for path in (ROOT / package).rglob("*.py")}
    assert len(trees) > 100
    made = defaultdict[Path, set[str]](set)
    for path, tree in trees.items():
        made[path.parent].update(_made(tree))
    ours = set[str]().union(*made.values())
    found = [
        f"{path.relative_to(ROOT)}:{line} {name}"
        for path, tree in trees.items()
        for line, name in foreign_parts(tree, ours, made[path.parent])
    ]
    assert not found, f"use what these packages make public instead: {found}"


@pytest.mark.parametrize(
    "text",
    [
        "connection._writer.transport",
        "connection._close()  # type: ignore[attr-defined]",
        "class Mine(theirs.Protocol):\n    def close(self):\n        self._unset_keepalive()",
        "class Mine(theirs.Protocol):\n    def close(self):\n        super()._close()",
        "torch._foreach_add_(steps, 1)",
        "getattr(connection, '_writer')",
        "attrgetter('pool._lock')",
        "from redis._parsers import Encoder",
        "from redis.connection import _private",
        "import redis._parsers",
    ],
)  # fmt: skip
def test_what_would_be_found(text: str) -> None:
    assert list(foreign_parts(ast.parse(text), set()))


@pytest.mark.parametrize(
    "text",
    [
        "class Mine:\n    def copied(self):\n        self._x = 1\n        other = copy(self)\n        other._x = 2",
        "class Mine(Ours):\n    def close(self):\n        self._inherited()",
        "urlsplit(url)._replace(path='/1'), os._exit(1), _, __name__, each.__dict__",
        "from shared.db.migrate import _config",
        "def _mine(): ...\nmodule._mine()",
    ],
)  # fmt: skip
def test_what_is_ours_or_documented(text: str) -> None:
    assert not list(foreign_parts(ast.parse(text), {"_inherited"}))
