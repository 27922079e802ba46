"""Turns what PostgreSQL refuses (a missing right, a full disk) into one line instead of a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from shared.errors import StoreUnavailable


@contextmanager
def refusals_explained() -> Iterator[None]:
    """For commands: any error of PostgreSQL becomes a StoreUnavailable with PostgreSQL's own first line."""
    try:
        yield
    except DBAPIError as error:
        raise StoreUnavailable(f"PostgreSQL refused: {first_line(error)}") from error
    except SQLAlchemyError as error:
        raise StoreUnavailable(f"PostgreSQL cannot be used: {str(error).partition(chr(10))[0]}") from error


def first_line(error: DBAPIError) -> str:
    """What PostgreSQL said, without the statement and its values."""
    return str(error.orig).strip().partition("\n")[0]
