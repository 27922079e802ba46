"""The errors of benchmarks, as part of Warmline's error tree.

WarmlineError
└── BenchmarkRefused            a benchmark cannot run as asked                exit 2
    ├── DataMissing             the data's file or folder is missing
    └── DataMalformed           a file does not follow its format
"""

from shared.errors import WarmlineError


class BenchmarkRefused(WarmlineError):
    """A benchmark cannot run as asked; the message says what to change."""

    exit_code = 2


class DataMissing(BenchmarkRefused):
    """The data's file or folder is missing; the message says where it was looked for."""


class DataMalformed(BenchmarkRefused):
    """A file does not follow its format; the message says array, got and expected."""
