"""One word per thing: names that were replaced do not return, and no class name means two things."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("shared", "timeline", "s01_heuristic", "s02_train_neucf", "s02_recsys_neucf", "warmline")
# Old name → what the thing is called. A name is refused as a word of a module's or a class's name (`ListWalk`), and as
# the whole name of a function.
REPLACED = {
    "ahead": "ListPreparer",
    "deed": "WorkerThreads",
    "deeds": "WorkerThreads",
    "doorkeeper": "Authorizer",
    "errand": "a sync task",
    "errands": "sync tasks",
    "exam": "EvaluationTask",
    "exams": "EvaluationTask",
    "filler": "PostSelector",
    "keeper": "BackgroundRefresh",
    "lane": "FastPath",
    "looks": "ListFigures",
    "meet": "CandidateEvents",
    "met": "CandidateEvents",
    "mine": "what it is",
    "night": "TrainingSize",
    "past": "History",
    "patience": "RequestBudget",
    "shelf": "LocalChains",
    "shelved": "LocalChains",
    "tell": "report_progress",
    "theirs": "what it is",
    "told": "on_epoch",
    "trial": "Evaluation",
    "tried": "Evaluation",
    "walk": "ChainPage",
    "wire": "SharedConnection",
    "world": "RankingInput",
}
# Classes of one name in several places, each with the one thing that they mean.
SAME_MEANING = {
    "JobSettings": "every group of settings that a job reads",
}


def test_no_replaced_name_returns() -> None:
    found = [
        f"{module}: {name} (is called {REPLACED[word]})"
        for module, name, words in _names()
        for word in words
        if word in REPLACED
    ]
    assert found == []


def test_a_class_name_means_one_thing() -> None:
    homes = defaultdict(list)
    for module, tree in _modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and node.name not in SAME_MEANING:
                homes[node.name].append(module)
    assert {name: modules for name, modules in homes.items() if len(modules) > 1} == {}


def _modules() -> Iterator[tuple[str, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            yield module, ast.parse(path.read_text(encoding="utf-8"))


def _names() -> Iterator[tuple[str, str, list[str]]]:
    """Each module's, class's and function's name: where it is, the name, and the words of it that are looked at."""
    for module, tree in _modules():
        last = module.rpartition(".")[2]
        yield module, last, _words(last)
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                yield module, node.name, _words(node.name)
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield module, node.name, [node.name.strip("_")]


def _words(name: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)]
