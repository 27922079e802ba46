"""Writes one run to MLflow. Owns mlflow: `mirror` starts it as a process of its own with what to write.

Standard input is one JSON object (`mirror.message_of`); the exit code is 0, or 1 with the reason as the last line of
standard error. No pickle: parameters, figures, plots, the report, and the model's own two files as they are.
"""

import json
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit
from urllib.request import url2pathname

from shared.files.untrusted_files import open_untrusted
from shared.neucf.model_files import MANIFEST, WEIGHTS
from shared.text.printable import printable, write_error

if TYPE_CHECKING:
    from mlflow import MlflowClient

EXPERIMENT = "warmline"
ANSWER_SECONDS = 8  # that a server has for its first answer
MAX_METRICS, MAX_PARAMS = 1000, 100  # of one request
MAX_RUNS = 1000  # read; more than are ever kept
MAX_VALUE = 6000  # characters of a parameter
MAX_TAG = 5000  # characters
MAX_SHOWN = 100  # characters of an address
MODEL_FILES, PLOTS = "model", "plots"
VERSION, FILES, INSTALLATION = "warmline.version", "warmline.files", "warmline.installation"
T = TypeVar("T")


class ForeignArtifacts(Exception):
    """The mirror's database names files that are not the mirror's."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a run; `step` is the epoch, 0 where there is none."""

    name: str
    value: float
    step: int = 0


def main() -> int:
    """Read the message and write the run; returns the exit code."""
    message = json.load(sys.stdin)
    try:
        _write(message)
    except ModuleNotFoundError as error:
        write_error(f"{error.name} is not installed; python -m pip install -c constraints.txt '.[mirror]'")
        return 1
    except Exception as error:  # mlflow raises its own errors, and those of requests, SQLAlchemy and the file system
        first = _first_cause(error)
        write_error(f"{type(first).__name__}: {' '.join(str(first).split())}")
        return 1
    return 0


def _first_cause(error: BaseException) -> BaseException:
    """The original error, which the layers above repeat at length."""
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return error


def _write(message: Mapping[str, Any]) -> None:
    from mlflow import MlflowClient, set_tracking_uri
    from mlflow.entities import Metric, Param

    from s02_train_neucf.mlflow_plots import draw_bars, draw_losses

    uri = message["uri"]
    set_tracking_uri(uri)
    client = MlflowClient(tracking_uri=uri)
    experiment = _experiment(client, uri)
    run = client.create_run(experiment, start_time=message["began"], run_name=f"model {message['version']}")
    run_id = run.info.run_id
    check_own(run.info.artifact_uri, uri)
    client.set_tag(run_id, INSTALLATION, message["installation"])
    client.set_tag(run_id, VERSION, str(message["version"]))
    for params in _chunks(sorted(message["params"].items()), MAX_PARAMS):
        client.log_batch(run_id, params=[Param(name, printable(value)[:MAX_VALUE]) for name, value in params])
    for figures in _chunks(list(figures_of(message)), MAX_METRICS):
        stamped = [Metric(each.name, each.value, message["ended"], each.step) for each in figures]
        client.log_batch(run_id, metrics=stamped)
    client.log_text(run_id, json.dumps(message["report"], indent=2), "report.json")
    with tempfile.TemporaryDirectory() as folder:
        plots = Path(folder) / PLOTS
        plots.mkdir()
        draw_bars(message["report"], plots / "systems.png")
        draw_losses(message["losses"], message["validations"], plots / "epochs.png")
        client.log_artifacts(run_id, str(plots), PLOTS)
        files = Path(folder) / MODEL_FILES
        copy_model_files(Path(message["folder"]), files)
        client.log_artifacts(run_id, str(files), MODEL_FILES)
    client.set_tag(run_id, FILES, "kept")
    client.set_terminated(run_id, "FINISHED", message["ended"])
    _bring_up_to_date(client, experiment, message)


def copy_model_files(folder: Path, target: Path) -> None:
    """Copy the model's two files only: no other files, and no targets of links."""
    target.mkdir()
    for name in (WEIGHTS, MANIFEST):
        with open_untrusted(folder / name, below=folder) as file, (target / name).open("wb") as copy:
            shutil.copyfileobj(file, copy)


def _experiment(client: "MlflowClient", uri: str) -> str:
    """The experiment's id. A server that does not answer ends the process here, by the alarm."""
    is_file = uri.startswith("sqlite:")
    signal.alarm(0 if is_file else ANSWER_SECONDS)
    known = client.get_experiment_by_name(EXPERIMENT)
    signal.alarm(0)
    if known is not None:
        return str(known.experiment_id)
    return str(
        client.create_experiment(EXPERIMENT, artifact_location=_artifact_folder(uri).as_uri() if is_file else None)
    )


def check_own(artifacts: str, uri: str) -> None:
    """Refuse an address of a run's files that leads elsewhere than to the mirror itself.

    The address is in the mirror's database, and files are written and deleted by it: `file:///models` in there would
    have this process delete the models themselves.

    Raises:
        ForeignArtifacts: it is not below the folder beside the SQLite file, or not a path on the server.
    """
    parts = urlsplit(artifacts)
    path = url2pathname(parts.path)
    if uri.startswith("sqlite:"):
        is_own = parts.scheme == "file" and _artifact_folder(uri) in Path(path).resolve().parents
    else:
        is_own = parts.scheme == "mlflow-artifacts" and ".." not in path.split("/")
    if not is_own or parts.netloc:
        expected = (
            _artifact_folder(uri).as_uri() if uri.startswith("sqlite:") else "mlflow-artifacts:/, the server's own"
        )
        raise ForeignArtifacts(f"files of a run: got {artifacts[:MAX_SHOWN]}, expected {expected}; left alone")


def _artifact_folder(uri: str) -> Path:
    """The folder of the runs' files, beside the SQLite file."""
    return Path(uri.removeprefix("sqlite:///")).resolve().with_name("mlflow-artifacts")


def figures_of(message: Mapping[str, Any]) -> Iterator[Figure]:
    """Means of the report, and what each epoch came to."""
    report = message["report"]
    for cut, figures in [("replay", report.get("replay", {})), *report.get("cuts", {}).items()]:
        for system, values in figures.get("systems", {}).items():
            for metric, value in values.items():
                yield Figure(_metric_name(f"{cut}/{system}/{metric}"), value["mean"])
    for what in ("losses", "validations"):
        for training, series in message[what].items():
            for epoch, value in series:
                yield Figure(_metric_name(f"{what}/{training}"), value, epoch)


def _chunks(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]


def _metric_name(text: str) -> str:
    """MLflow takes no @ in a name."""
    return text.replace("@", "_at_")


def _bring_up_to_date(client: "MlflowClient", experiment: str, message: Mapping[str, Any]) -> None:
    """Aliases as they stand in PostgreSQL; no files of a model whose folder is gone; not more runs than wanted."""
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    versions = {str(each["version"]): each for each in message["versions"]}
    ours = f"tags.`{INSTALLATION}` = '{message['installation']}'"  # another installation may share the server
    runs = client.search_runs([experiment], ours, order_by=["attributes.start_time DESC"], max_results=MAX_RUNS)
    kept, old = runs[: message["keep_runs"]], runs[message["keep_runs"] :]
    for run in kept:
        version = versions.get(run.data.tags.get(VERSION, ""), {})
        shown = {name: printable(str(version.get(name, ""))) for name in ("alias", "state", "verdict")}
        wanted = {f"warmline.{name}": value[:MAX_TAG] for name, value in shown.items()}
        if run.data.tags.get(FILES) == "kept" and not version.get("has_files"):
            check_own(run.info.artifact_uri, message["uri"])
            get_artifact_repository(run.info.artifact_uri).delete_artifacts(MODEL_FILES)
            wanted[FILES] = "gone with the model's folder"
        for name, value in wanted.items():
            if run.data.tags.get(name) != value:
                client.set_tag(run.info.run_id, name, value)
    for run in old:
        client.delete_run(run.info.run_id)
    if old and message["uri"].startswith("sqlite:"):
        _purge(message["uri"], {run.info.run_id: run.info.artifact_uri for run in old})


def _purge(uri: str, runs: Mapping[str, str]) -> None:
    """Deleted runs only hide; this removes their rows and files. A server does so itself (`mlflow gc`).

    Args:
        uri: of the file.
        runs: run id → where its files are, as a URI.
    """
    from mlflow.cli import gc

    for artifacts in runs.values():
        check_own(artifacts, uri)  # gc deletes there, too
    addresses = ["--backend-store-uri", uri, "--tracking-uri", uri]
    gc.main([*addresses, "--run-ids", ",".join(runs)], standalone_mode=False)
    for artifacts in runs.values():
        shutil.rmtree(Path(url2pathname(urlsplit(artifacts).path)).parent, ignore_errors=True)  # empty by now


if __name__ == "__main__":
    sys.exit(main())
