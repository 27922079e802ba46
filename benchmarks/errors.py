"""What can go wrong in a benchmark, as leaves of Warmline's error tree.

WarmlineError
└── BenchmarkRefused            a benchmark cannot run as asked                exit 2
    ├── DataMissing             the data's file or folder is not here
    └── DataMalformed           a file does not hold what its format says
"""

from shared.errors import WarmlineError


class BenchmarkRefused(WarmlineError):
    """A benchmark cannot run as asked; the message says what to change."""

    exit_code = 2


class DataMissing(BenchmarkRefused):
    """The data's file or folder is not here; the message says where it was looked for."""


class DataMalformed(BenchmarkRefused):
    """A file does not hold what its format says; the message says array, got and expected."""
