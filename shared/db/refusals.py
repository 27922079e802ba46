"""Turns errors of PostgreSQL (a missing right, a full disk) into one line instead of a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError

from shared.db.engine import first_line
from shared.errors import StoreUnavailable


@contextmanager
def refusals_explained() -> Iterator[None]:
    """For commands: an error of PostgreSQL that is not ours yet becomes a StoreUnavailable with its first line."""
    try:
        yield
    except SQLAlchemyError as error:
        raise StoreUnavailable(f"PostgreSQL refuses: {first_line(error)}") from error
