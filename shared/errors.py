"""The errors that Warmline raises, drawn as one tree.

WarmlineError                   says what is wrong, with which one, and what to do
├── ConfigurationError          a setting is missing or wrong                  exit 2
│   └── EncoderUnavailable      an encoder is unknown, or its package or weights are missing
├── EncoderFault                an encoder returned something that is not a vector
├── SourceError                 the four relations do not match the contract
│   └── RelationBroken          … because one of them cannot be read; says which
├── StoreUnavailable            PostgreSQL or Redis does not answer, or refuses
│   ├── StoreHangs              Redis has not answered in time; who asks next would wait as long
│   ├── StoreReadOnly           PostgreSQL answers, and takes no writes (a standby, a demoted primary)
│   ├── NotMigrated             the schema has another version
│   ├── WriteConflict           two transactions waited for each other (a deadlock); a retry may succeed
│   ├── ForeignInstallation     Redis, a model folder or a snapshot belongs to another installation
│   └── RedisBehind             Redis answers, but may lack writes that PostgreSQL has
│       └── WritesRefused       … because it refuses to write
├── ImportRefused               a folder cannot be imported at all             exit 2
├── WriteRefused                a write contradicts what is stored: a view, a deleted post, an erased user
├── ExportRefused               nothing may be handed out about a user: unknown, erased, being erased
├── RunRefused                  a job cannot be claimed or requested now
├── ArtefactError               a model file is damaged, or does not fit its use
├── TrainingRefused             there is nothing to learn from, or the training diverged
├── WorkerDied                  a process of a training ended without a result
├── ScoringRefused              a model returns scores that cannot be ranked
├── PromotionRefused            a model version may not become the champion
└── LeaseLost                   another run took over; this one must not write any more
"""


class WarmlineError(Exception):
    """A problem that the reader of the message can solve: one line, or one line for each problem."""

    exit_code = 1

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines  # each of which may quote what somebody else wrote, with ends of lines in it


class ConfigurationError(WarmlineError):
    """A setting is missing or wrong; the message names the variable, what it got and what it expects."""

    exit_code = 2


class EncoderUnavailable(ConfigurationError):
    """An encoder is unknown, or its package or weights are missing; the message says what to install."""


class EncoderFault(WarmlineError):
    """An encoder returned vectors that are not finite or all zero: its weights are broken, the batch is not stored."""


class SourceError(WarmlineError):
    """A relation lacks a column or has another type; the message says relation, column, got and expected."""


class RelationBroken(SourceError):
    """A relation is missing, may not be read, or is a view that fails; a repeat fails as well until it is mended."""

    def __init__(self, relation: str, line: str) -> None:
        super().__init__(line)
        self.relation = relation  # with its schema


class StoreUnavailable(WarmlineError):
    """PostgreSQL or Redis does not answer; the message says which and at which address, without credentials."""


class StoreHangs(StoreUnavailable):
    """Redis has not answered in time, and others would wait as long; one that is away or refuses says so at once."""


class StoreReadOnly(StoreUnavailable):
    """PostgreSQL answers reads but refuses writes: it counts as down until it is a primary again."""


class NotMigrated(StoreUnavailable):
    """The schema `warmline` is missing or has another version; the message says got, expected and what to run."""


class WriteConflict(StoreUnavailable):
    """PostgreSQL aborted one of two transactions that waited for each other (a deadlock): it changed nothing."""


class ForeignInstallation(StoreUnavailable):
    """Redis, a model folder or a snapshot belongs to another installation: it is neither read nor written."""


class RedisBehind(StoreUnavailable):
    """Redis answers, but may lack blocks, hides or deletions that PostgreSQL has: PostgreSQL decides what is shown."""


class WritesRefused(RedisBehind):
    """Redis answers reads but refuses writes (full, a replica, a failed save): its data may be out of date."""


class ImportRefused(WarmlineError):
    """A folder of relations cannot be imported at all (single bad rows are reported, not raised)."""

    exit_code = 2


class WriteRefused(WarmlineError):
    """A write contradicts what is stored; `reason` is a stable code, the message says what to do."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class ExportRefused(WarmlineError):
    """Nothing may be handed out about a user; `reason` is a stable code, the message does not name them."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class RunRefused(WarmlineError):
    """A job cannot start now: a run is under way, or no service for it is running."""


class ArtefactError(WarmlineError):
    """A model's folder is damaged, or was made for other encoders or widths; the message says got and expected."""


class TrainingRefused(WarmlineError):
    """No model can be trained on this data: nothing to learn from, broken vectors, or a loss that is not a number."""


class WorkerDied(WarmlineError):
    """A process that trained beside others ended without a result; the message says why, as far as that is known."""


class ScoringRefused(WarmlineError):
    """Scores are not finite or shapes do not fit: they must not be published."""


class PromotionRefused(WarmlineError):
    """A model version may not become the champion; the message says why, and how to override."""


class LeaseLost(WarmlineError):
    """Another run took this run's lease or has a newer fencing number: this run must stop without writing."""
