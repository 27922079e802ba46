"""Runs a measurement in a process of its own, so that its peak of memory is its own too.

Addresses and secrets travel in the environment, not among the arguments, which everybody can read.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.errors import BenchmarkRefused
from benchmarks.provenance import ROOT

TIMEOUT_SECONDS = 3600
Facts = dict[str, float]


def measure_in_child(module: str, arguments: Sequence[str], environment: Mapping[str, str]) -> Facts:
    """What `python -m MODULE ARGUMENTS` says with `write_record` in the last line of its output. Raises as `records_of_child`."""
    facts: Facts = records_of_child(module, arguments, environment)[-1]
    return facts


def records_of_child(module: str, arguments: Sequence[str], environment: Mapping[str, str]) -> list[dict[str, Any]]:
    """All that `python -m MODULE ARGUMENTS` says: each line of its output is a record of JSON.

    Raises:
        BenchmarkRefused: it ended otherwise than well; its last line of errors is quoted.
    """
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env={**os.environ, **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        said = (done.stderr.strip() or "nothing").splitlines()[-1]
        raise BenchmarkRefused(f"{module} {' '.join(arguments)}: exit code {done.returncode}: {said}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def write_record(facts: Mapping[str, object]) -> None:
    """The child's side: say what was measured, as one line of output."""
    sys.stdout.write(json.dumps(dict(facts), allow_nan=False) + "\n")
    sys.stdout.flush()
