"""`python -m tests.contract.layout`: how large each package is, how deep its imports go, and whether any form a circle.

The last row is the product: every package but the benchmarks.

Exit code 1: a package is deeper than its aim, or imports form a circle, of modules or of folders.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from statistics import median

import grimp

ROOT = Path(__file__).parents[2]
PACKAGES = (
    "shared", "s01_heuristic", "s02_train_neucf", "s02_recsys_neucf", "timeline", "warmline", "demo", "benchmarks",
)  # fmt: skip
PRODUCT = tuple(package for package in PACKAGES if package != "benchmarks")
# Import levels at most: the longest chain of imports within a package, its `__main__` included.
AIMS = {"s02_train_neucf": 6, "timeline": 8}


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """The figures of one package."""

    name: str
    lines: Mapping[str, int]  # by module
    levels: int
    circles: Sequence[str]

    @property
    def problems(self) -> list[str]:
        aim = AIMS.get(self.name, self.levels)
        deep = [f"{self.name}: {self.levels} import levels, expected at most {aim}"] if self.levels > aim else []
        return [*deep, *(f"{self.name}: imports form a circle: {circle}" for circle in self.circles)]


def build_graph(*packages: str) -> grimp.ImportGraph:
    """Who imports whom, as import-linter sees it; imports for type checking alone are left out."""
    return grimp.build_graph(*packages, exclude_type_checking_imports=True, cache_dir=None)


def read_package(name: str) -> Package:
    """Read a package's modules and their imports."""
    graph = build_graph(name)
    modules = {module: _imports_of(graph, module, within=name) for module in graph.modules}
    circle = _circle(modules)
    return Package(
        name=name,
        lines={module: _lines_of(module) for module in graph.modules},
        levels=0 if circle else _levels(modules),
        circles=[*([circle] if circle else []), *_circles_of_siblings(graph, name)],
    )


def _imports_of(graph: grimp.ImportGraph, module: str, *, within: str) -> set[str]:
    found = graph.find_modules_directly_imported_by(module)
    return {each for each in found if each.startswith(f"{within}.") and each != module}


def _levels(dependencies: Mapping[str, Set[str]]) -> int:
    """The length of the longest chain."""
    sorter = TopologicalSorter(dependencies)
    sorter.prepare()
    levels = 0
    while sorter.is_active():
        sorter.done(*sorter.get_ready())
        levels += 1
    return levels


def _circle(dependencies: Mapping[str, Set[str]]) -> str | None:
    try:
        TopologicalSorter(dependencies).prepare()
    except CycleError as error:
        return " → ".join(reversed(error.args[1]))
    return None


def _circles_of_siblings(graph: grimp.ImportGraph, package: str) -> Iterator[str]:
    """Folders and modules that lie side by side and import each other's contents."""
    children = graph.find_children(package)
    imports = {child: _siblings_imported(graph, child, children) for child in children}
    circle = _circle(imports)
    if circle:
        yield circle
    for child in sorted(children):
        yield from _circles_of_siblings(graph, child)


def _siblings_imported(graph: grimp.ImportGraph, child: str, siblings: Set[str]) -> set[str]:
    inside = {child, *graph.find_descendants(child)}
    found = {each for module in inside for each in graph.find_modules_directly_imported_by(module)} - inside
    return {each for each in siblings if any(f"{name}.".startswith(f"{each}.") for name in found)}


def _lines_of(module: str) -> int:
    path = ROOT.joinpath(*module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return len(file.read_text(encoding="utf-8").splitlines())


def _row(package: Package) -> tuple[str, ...]:
    aim = f" of {AIMS[package.name]}" if package.name in AIMS else ""
    return (package.name, *_sizes(package.lines), f"{package.levels}{aim}", str(len(package.circles)))


def _sizes(lines: Mapping[str, int]) -> tuple[str, ...]:
    """Modules, lines, lines of the median module, the largest one."""
    largest = max(lines, key=lambda module: lines[module])
    figures = (len(lines), sum(lines.values()), round(median(lines.values())))
    return (*(f"{figure:,}" for figure in figures), f"{lines[largest]} {largest}")


def _product(packages: Sequence[Package]) -> tuple[str, ...]:
    """The row of all packages that are installed or run, taken together."""
    lines = {
        module: count for package in packages if package.name in PRODUCT for module, count in package.lines.items()
    }
    return ("the product", *_sizes(lines), "", "")


def main() -> int:
    """Print the table, and what is wrong."""
    packages = [read_package(name) for name in PACKAGES]
    rows = [
        ("package", "modules", "lines", "median", "largest", "levels", "circles"),
        *map(_row, packages),
        _product(packages),
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        sys.stdout.write("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n")
    problems = [problem for package in packages for problem in package.problems]
    sys.stderr.writelines(f"{problem}\n" for problem in problems)
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
