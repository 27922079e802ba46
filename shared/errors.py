"""The errors that Warmline raises, drawn as one tree.

WarmlineError                   says what, which one, and what to do
├── ConfigurationError          a setting is missing or wrong                  exit 2
│   └── EncoderUnavailable      an encoder is unknown, or its package or weights are not here
├── EncoderFault                an encoder gave what is no vector
├── SourceError                 the four relations are not what the contract says
├── StoreUnavailable            PostgreSQL or Redis does not answer, or refuses
│   ├── StoreReadOnly           PostgreSQL answers, and takes no writes (a standby, a demoted primary)
│   ├── NotMigrated             the schema is another version's
│   ├── WriteConflict           two transactions waited for each other; a repeat may succeed
│   ├── ForeignInstallation     Redis, a model folder or a snapshot belongs to another installation
│   └── RedisBehind             Redis answers, and may lack acts that PostgreSQL has
│       └── WritesRefused       … because it refuses to write
├── ImportRefused               a folder cannot be imported at all             exit 2
├── WriteRefused                a write contradicts what stands: a view, a deleted post, an erased user
├── RunRefused                  a job cannot be claimed or asked for now
├── ArtefactError               a model file is damaged, or does not fit what it is loaded for
├── TrainingRefused             there is nothing to learn from, or learning went astray
├── ScoringRefused              a model gives scores that cannot be ranked
├── PromotionRefused            a model version may not become the champion
└── LeaseLost                   another run took over; this one may write nothing more
"""


class WarmlineError(Exception):
    """Anything that a reader of the message can mend: one line, or one for each thing that is wrong."""

    exit_code = 1

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines  # each of which may quote what somebody else wrote, with ends of lines in it


class ConfigurationError(WarmlineError):
    """A setting is missing or wrong; the message names the variable, what it got and what it expects."""

    exit_code = 2


class EncoderUnavailable(ConfigurationError):
    """An encoder is unknown, or its package or weights are not here; the message says what to install."""


class EncoderFault(WarmlineError):
    """An encoder gave rows that are not finite, or all zero: its weights are broken, nothing of the batch is stored."""


class SourceError(WarmlineError):
    """A relation lacks a column or has another type; the message says relation, column, got and expected."""


class StoreUnavailable(WarmlineError):
    """PostgreSQL or Redis does not answer; the message says which and at which address, without credentials."""


class StoreReadOnly(StoreUnavailable):
    """PostgreSQL answers reads and refuses writes: for us it is down until it is a primary again."""


class NotMigrated(StoreUnavailable):
    """The schema `warmline` is not there, or another version's; the message says got, expected and what to run."""


class WriteConflict(StoreUnavailable):
    """PostgreSQL ended one of two transactions that waited for each other: nothing of it was changed."""


class ForeignInstallation(StoreUnavailable):
    """Redis, a model folder or a snapshot belongs to another PostgreSQL: it is neither read nor written."""


class RedisBehind(StoreUnavailable):
    """Redis answers, and may lack blocks, hides or deletions that PostgreSQL has: PostgreSQL decides what is shown."""


class WritesRefused(RedisBehind):
    """Redis answers reads and refuses writes (full, a replica, a failed save): what it holds may be out of date."""


class ImportRefused(WarmlineError):
    """A folder of relations cannot be imported at all (single bad rows are reported, not raised)."""

    exit_code = 2


class WriteRefused(WarmlineError):
    """A write contradicts what stands; `reason` names its kind for ever, the message says what to do."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class RunRefused(WarmlineError):
    """A job cannot start now, because one is running or the service is not there."""


class ArtefactError(WarmlineError):
    """A model's folder is damaged, or made for other encoders or widths; the message says got and expected."""


class TrainingRefused(WarmlineError):
    """No model comes out of this data: nothing to learn from, broken vectors, or a loss that is no number."""


class ScoringRefused(WarmlineError):
    """Scores are not finite or shapes do not fit: nothing may be published from them."""


class PromotionRefused(WarmlineError):
    """A model version may not become the champion; the message says why, and how to override."""


class LeaseLost(WarmlineError):
    """This run's lease or fencing number was overtaken: it must stop without writing."""
