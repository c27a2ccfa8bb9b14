# SPDX-License-Identifier: Apache-2.0
"""The exceptions of Stoker's jobs, and how failures of the JVM become them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_FAILURES = "io.stoker.failure."
_DEEPEST = 50
_SERVER_FAILURE = re.compile(r"\(io\.stoker\.failure\.(\w+)\) ([^\n]+)")
_SERVER_EXIT_CODES = {"InputException": 2, "DamagedException": 3, "ResourceException": 4}


class StokerError(Exception):
    """A job that failed; its text is one line: what was wrong, where, and what to do about it.

    Attributes
    ----------
    exit_code : int
        The exit code that the same command would have.
    """

    exit_code: int = 1


class InternalError(StokerError):
    """A bug in Stoker."""

    exit_code = 1


class InvalidInputError(StokerError, ValueError):
    """An option or a source that cannot be used."""

    exit_code = 2


class DamagedDataError(StokerError):
    """Data or a checkpoint that is damaged."""

    exit_code = 3


class MissingResourcesError(StokerError, RuntimeError):
    """Something that is missing: slots, memory, space, a graphics card, a server."""

    exit_code = 4


_BY_EXIT_CODE: dict[int, type[StokerError]] = {
    kind.exit_code: kind
    for kind in (InternalError, InvalidInputError, DamagedDataError, MissingResourcesError)
}


def of_exit_code(exit_code: int, message: str) -> StokerError:
    """Make the exception for the exit code of a command.

    Parameters
    ----------
    exit_code : int
        1 to 4.
    message : str
        Its first line is kept.
    """
    return _BY_EXIT_CODE.get(exit_code, InternalError)(_first_line(message))


def _first_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[0].strip() if lines else ""


def _of_java(throwable: Any) -> StokerError | None:
    """Find the failure in a Java exception and its causes that has a reason for users."""
    for _ in range(_DEEPEST):
        if throwable is None:
            return None
        if throwable.getClass().getName().startswith(_FAILURES):
            return of_exit_code(throwable.exitCode(), throwable.getMessage() or "")
        throwable = throwable.getCause()
    return None


def _of_server(message: str) -> StokerError | None:
    """Find the failure in what a server of Spark Connect says."""
    found = _SERVER_FAILURE.search(message)
    return found and of_exit_code(_SERVER_EXIT_CODES.get(found[1], 1), found[2])


@contextmanager
def translated() -> Iterator[None]:
    """Raise a failure of Stoker in the JVM as a :class:`StokerError`, without Py4J's trace.

    What is not a failure of Stoker passes as it is; PySpark has exceptions of its own.
    """
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import IllegalArgumentException, PySparkException

    try:
        yield
    except IllegalArgumentException as error:
        # A param's own check, or an option of Spark's.
        raise InvalidInputError(_first_line(str(error))) from None
    except Py4JJavaError as error:
        known = _of_java(error.java_exception)
        if known is None:
            raise
        raise known from None
    except PySparkException as error:
        known = _of_server(str(error))
        if known is None:
            raise
        raise known from None
