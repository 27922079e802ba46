"""What `make test` says at its end when processes share the tests."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
MARKED = {"debian": "tests/integration/pgbouncer", "generators": "tests/flow/test_generated_clients.py"}
PLAIN = "tests/contract/test_env_example.py"


def test_what_a_process_left_out_is_said_in_one_line_for_each_mark() -> None:
    command = [sys.executable, "-m", "pytest", "-n", "1", "-p", "no:cacheprovider", *MARKED.values(), PLAIN]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    left_out = [line for line in said if line.startswith("Left out: ")]
    assert len(left_out) == len(MARKED)
    for mark in MARKED:
        assert re.search(rf"Left out: [1-9]\d* tests marked `{mark}`, which want .* `\.ci/run` ", "\n".join(left_out))
    assert " passed in " in said[-1]
