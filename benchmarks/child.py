"""Runs a measurement in a child process, so that its peak of memory can be measured alone.

Addresses and secrets are passed in the environment, not as arguments, which every user of the machine can read.
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
    """The last record that `python -m MODULE ARGUMENTS` writes; raises as `records_of_child`."""
    facts: Facts = records_of_child(module, arguments, environment)[-1]
    return facts


def records_of_child(module: str, arguments: Sequence[str], environment: Mapping[str, str]) -> list[dict[str, Any]]:
    """All records that `python -m MODULE ARGUMENTS` writes: each line of its output is one, as JSON.

    Raises:
        BenchmarkRefused: it failed; the last line of its errors is quoted.
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
    """Called in the child: write what was measured as one line of output."""
    sys.stdout.write(json.dumps(dict(facts), allow_nan=False) + "\n")
    sys.stdout.flush()
