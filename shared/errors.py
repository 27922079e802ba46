"""The errors that Warmline raises, drawn as one tree.

WarmlineError                   says what, which one, and what to do
├── ConfigurationError          a setting is missing or wrong                  exit 2
├── SourceError                 the four relations are not what the contract says
├── StoreUnavailable            PostgreSQL or Redis does not answer
├── ImportRefused               a folder cannot be imported at all
├── RunRefused                  a job cannot be claimed or asked for now
└── LeaseLost                   another run took over; this one may write nothing more
"""


class WarmlineError(Exception):
    """Anything that a reader of the message can mend. The message is one line."""

    exit_code = 1


class ConfigurationError(WarmlineError):
    """A setting is missing or wrong; the message names the variable, what it got and what it expects."""

    exit_code = 2


class SourceError(WarmlineError):
    """A relation lacks a column or has another type; the message says relation, column, got and expected."""


class StoreUnavailable(WarmlineError):
    """PostgreSQL or Redis does not answer; the message says which and at which address, without credentials."""


class ImportRefused(WarmlineError):
    """A folder of relations cannot be imported at all (single bad rows are reported, not raised)."""


class RunRefused(WarmlineError):
    """A job cannot start now, because one is running or the service is not there."""


class LeaseLost(WarmlineError):
    """This run's lease or fencing number was overtaken: it must stop without writing."""
