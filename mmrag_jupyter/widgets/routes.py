"""Which shell of a kernel hears what a page sends over a comm."""

from __future__ import annotations


def hear_where_sent(comm: object) -> None:
    """Let a comm's messages be heard on the subshell that the page sent them to.

    ipykernel (7.4) hears them on the shell that last sent something over the comm: once a running
    cell tells a page how far a load is, the page would wait for the end of that cell.
    """
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = _where_sent  # noqa: SLF001 - there is no other way to tell it


def _where_sent(_data: object, subshell: str | None) -> str | None:
    return subshell
