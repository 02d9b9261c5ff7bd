"""The names of environment variables that hold passwords of documents; never a password."""

from __future__ import annotations

import os
import re

from mmrag_jupyter.errors import SourceError

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

# Whoever opens a page later (a hit, a thumbnail, a model) knows its file and nothing else.
_offered: dict[str, None] = {}


def offer(name: str) -> None:
    """Have documents that need a password opened with what this variable holds.

    Raises
    ------
    SourceError
        It is no name of a variable. What it is instead is not repeated: it may be a password.
    """
    if not _NAME.fullmatch(name):
        raise SourceError(
            "--password-env (password_env) takes the name of an environment variable that holds "
            "the password, such as PDF_PASSWORD, and never the password itself."
        )
    # The newest is tried first.
    _offered.pop(name, None)
    _offered[name] = None


def candidates() -> list[str]:
    """Return the passwords to try, those named last first."""
    values = [os.environ.get(name) for name in reversed(_offered)]
    return list(dict.fromkeys(value for value in values if value))


def advice() -> str:
    """Say what to do about a document that none of the passwords opens."""
    if not _offered:
        return "name the variable that holds its password with --password-env NAME (password_env)"
    newest = next(reversed(_offered))
    if not os.environ.get(newest):
        return f"the environment variable {newest} (--password-env) is not set"
    return f"the password in {newest} (--password-env) does not open it"
