"""`python -m tests.faults.working MODULE`: for each line of input, a child does one pass of a job, as `--once` does it.

The job's modules are imported once, so that a kill meets work and not imports. The child's process goes to the output,
and how it ended to standard error, behind what it logged.
"""

import importlib
import os
import sys


def main() -> None:
    """Start a child for each line."""
    job = importlib.import_module(f"{sys.argv[1]}.__main__")
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            os._exit(job.main(["--once"]))
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        sys.stderr.write(f"ended {os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
        sys.stderr.flush()


if __name__ == "__main__":
    main()
