"""What the pieces of a `where` expression are worth, and how two of them compare in SQL."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mmrag_jupyter.store.columns import zone_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mmrag_jupyter.items import Column

ORDERING = frozenset({"<", "<=", ">", ">="})

# How the user's word for a kind reads in a message.
_PLAIN = {
    "number": "numbers", "bool": "True/False", "str": "text", "datetime": "dates with time",
    "date": "dates", "time": "times of day", "timedelta": "durations", "json": "lists or mappings",
    "bytes": "bytes", "media": "pictures or sound", "any": "values of several types",
}  # fmt: skip

_OPAQUE = {
    "json": "only 'like' and 'is null' work on it",
    "bytes": "only 'is null' works on it",
    "media": "a condition cannot look into it",
}

_KINDS = {"int": "number", "float": "number", "decimal": "number"}

_DURATION = re.compile(
    r"\s*([+-]?)\s*(?:(\d+)\s*(?:days?|d)\b)?\s*(?:(\d+)\s*(?:hours?|hr?s?|h)\b)?"
    r"\s*(?:(\d+)\s*(?:minutes?|mins?|m)\b)?\s*(?:(\d+)(?:\.(\d{1,9}))?\s*(?:seconds?|secs?|s)\b)?"
    r"\s*(?:(\d+):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?\s*",
    re.ASCII | re.IGNORECASE,
)


class KindError(Exception):
    """Two pieces do not fit together; the message is for the user."""


@dataclass(frozen=True, slots=True)
class Term:
    """A piece of the expression that has a value.

    `sql` is complete in itself (it needs no brackets around it). `kind` is a
    `Column.kind` with all numbers as one, or `null`. `name` says in a message what it is.
    `literal` holds the value of a constant that the user wrote, `zone` the time zone of a
    `datetime` column ("" where it has none).
    """

    sql: str
    kind: str
    name: str
    at: int
    literal: str | float | bool | None = None
    constant: bool = False
    zone: str = ""


def text_sql(text: str) -> str:
    """Return `text` as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def column_term(sql: str, column: Column, at: int) -> Term:
    """Return the term that reads a column; `sql` is its quoted physical name."""
    kind = _KINDS.get(column.kind, column.kind)
    return Term(sql, kind, f"column {column.name!r}", at, zone=zone_of(column))


def compared(left: Term, operator: str, right: Term) -> str:
    """Return the SQL of `left operator right`; `operator` is one of `= <> < <= > >=`.

    Raises
    ------
    KindError
        When the two cannot be compared.
    """
    if "null" in (left.kind, right.kind):
        other = left if right.kind == "null" else right
        if other.kind == "media":
            raise KindError(_unfit(other, _OPAQUE["media"]))
        if operator in ORDERING:
            raise KindError("nothing is larger or smaller than a missing value: write 'is null'")
        return f"({other.sql} {'IS' if operator == '=' else 'IS NOT'} NULL)"
    left, right = fitted(left, right), fitted(right, left)
    left, right = _same_time(left, right)
    if operator in ORDERING:
        left, right = _of_one_type(left, right), _of_one_type(right, left)
    return f"({left.sql} {operator} {right.sql})"


def fitted(term: Term, other: Term) -> Term:
    """Return `term` as it has to read beside `other`: a date written as text becomes a date.

    Raises
    ------
    KindError
        When the two cannot be compared.
    """
    for one in (term, other):
        if one.kind in _OPAQUE:
            raise KindError(_unfit(one, _OPAQUE[one.kind]))
    if term.constant and isinstance(term.literal, str) and other.kind in _READERS:
        stored = _READERS[other.kind](term.literal, other.zone)
        sql = text_sql(stored) if isinstance(stored, str) else str(stored)
        return replace(term, sql=sql, kind=other.kind, zone=other.zone)
    kinds = {term.kind, other.kind}
    if (
        len(kinds) == 1
        or "any" in kinds
        or kinds in ({"number", "bool"}, {"date", "datetime"})
        or (other.constant and isinstance(other.literal, str) and term.kind in _READERS)
    ):
        return term
    constant, column = (term, other) if term.constant else (other, term)
    if not constant.constant:
        raise KindError(
            f"{term.name} holds {_PLAIN[term.kind]} and {other.name} {_PLAIN[other.kind]}; "
            "they cannot be compared"
        )
    if column.kind == "str":
        raise KindError(_unfit(column, f"write the value in quotes: '{constant.literal}'"))
    if column.kind == "number":
        raise KindError(_unfit(column, "write the value as a number, without quotes"))
    if column.kind == "bool":
        raise KindError(_unfit(column, "compare it with True or False"))
    raise KindError(_unfit(column, f"write the value as {_EXAMPLES[column.kind]}"))


def _unfit(term: Term, advice: str) -> str:
    return f"{term.name} holds {_PLAIN[term.kind]}: {advice}"


def _same_time(left: Term, right: Term) -> tuple[Term, Term]:
    if left.kind == right.kind == "datetime" and bool(left.zone) != bool(right.zone):
        with_zone, without = (left, right) if left.zone else (right, left)
        raise KindError(
            f"{with_zone.name} has a time zone and {without.name} has none; they cannot be compared"
        )
    if (left.kind, right.kind) == ("date", "datetime"):
        return replace(left, sql=f"({left.sql} || ' 00:00:00')"), right
    if (left.kind, right.kind) == ("datetime", "date"):
        return left, replace(right, sql=f"({right.sql} || ' 00:00:00')")
    return left, right


def _of_one_type(term: Term, other: Term) -> Term:
    # SQLite sorts every text after every number; in a column of both, only the values of
    # the other side's type take part, the rest count as missing.
    if term.kind != "any" or other.kind == "any":
        return term
    types = "'text'" if other.kind == "str" else "'integer','real'"
    return replace(term, sql=f"(CASE WHEN typeof({term.sql}) IN ({types}) THEN {term.sql} END)")


def _stored_datetime(text: str, zone: str) -> str:
    value = _datetime(text)
    if zone:
        value = value if value.tzinfo else value.replace(tzinfo=_zone(zone))
        value = value.astimezone(UTC).replace(tzinfo=None)
    elif value.tzinfo:
        raise KindError(f"{text!r} has a time zone and the column has none: leave the zone out")
    return value.isoformat(sep=" ")


def _datetime(text: str) -> datetime:
    filled = text.strip()
    if re.fullmatch(r"\d{4}(-\d\d)?", filled, re.ASCII):  # as in pandas: a year, or a month
        filled = (filled + "-01-01")[:10]
    try:
        return datetime.fromisoformat(filled)
    except ValueError:
        message = f"{text!r} is not a date: write it as '2024-05-31' or '2024-05-31 18:30'"
        raise KindError(message) from None


def _zone(name: str) -> tzinfo:
    offset = re.fullmatch(r"(?:UTC)?([+-])(\d\d):?(\d\d)", name, re.ASCII)
    if offset is not None:
        minutes = int(offset[2]) * 60 + int(offset[3])
        return timezone(timedelta(minutes=-minutes if offset[1] == "-" else minutes))
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        message = f"the time zone {name!r} is unknown here: write the date with its zone, +02:00"
        raise KindError(message) from None


def _stored_date(text: str, _: str) -> str:
    value = _datetime(text)
    if value.time() != time(0):
        raise KindError(f"the column holds dates without a time of day: write {text[:10]!r}")
    return value.date().isoformat()


def _stored_time(text: str, _: str) -> str:
    try:
        return time.fromisoformat(text.strip()).isoformat()
    except ValueError:
        raise KindError(f"{text!r} is not a time of day: write it as '18:30'") from None


def _stored_timedelta(text: str, _: str) -> int:
    match = _DURATION.fullmatch(text)
    if match is None or not any(match.groups()[1:]):
        raise KindError(f"{text!r} is not a duration: write it as '2 days 06:30:00' or '90 min'")
    sign, *groups = match.groups()
    days, hours, minutes, seconds, part, clock_hours, clock_minutes, clock_seconds, clock_part = (
        group or "0" for group in groups
    )
    fraction = max(part, clock_part, key=len).ljust(6, "0")[:6]
    try:
        value = timedelta(
            days=int(days),
            hours=int(hours) + int(clock_hours),
            minutes=int(minutes) + int(clock_minutes),
            seconds=int(seconds) + int(clock_seconds),
            microseconds=int(fraction),
        )
    except OverflowError:
        raise KindError(f"the duration {text!r} is too long") from None
    stored = value // timedelta(microseconds=1)
    return -stored if sign == "-" else stored


_READERS: Mapping[str, Callable[[str, str], str | int]] = {
    "datetime": _stored_datetime,
    "date": _stored_date,
    "time": _stored_time,
    "timedelta": _stored_timedelta,
}

_EXAMPLES = {
    "datetime": "'2024-05-31 18:30'", "date": "'2024-05-31'", "time": "'18:30'",
    "timedelta": "'2 days 06:00:00'",
}  # fmt: skip
