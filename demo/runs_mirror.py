"""The demo's mirror of training runs: MLflow on a file in the demo's folder, and how to view it."""

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

URI = "WARMLINE_MLFLOW_URI"
PACKAGE, PACKAGE_WITH_SCREENS = "mlflow-skinny", "mlflow"


def variables(home: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """The variables of the mirror: the user's MLflow, else a file in our folder; none without the package."""
    if environment.get(URI):
        return {URI: environment[URI]}
    return {URI: f"sqlite:///{home.resolve() / 'mlflow.db'}"} if find_spec("mlflow") is not None else {}


def how_to_look(home: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """A line for the list of addresses; None if there is no mirror, or it is elsewhere."""
    uri = variables(home, environment).get(URI, "")
    if environment.get(URI) or not uri:
        return {}
    look = f"mlflow ui --backend-store-uri {uri}"
    if _installed(PACKAGE_WITH_SCREENS):
        return {"training runs": look}
    return {"training runs": f"pip install mlflow=={_installed(PACKAGE)} in a venv of its own, then {look}"}


def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
