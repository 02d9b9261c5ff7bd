"""Where a collection lives elsewhere: `lancedb:///shared/folder/name`, `qdrant://host/name`."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from mmrag_jupyter.errors import StoreError, did_you_mean
from mmrag_jupyter.naming import checked_name, shortened

Kind = Literal["lancedb", "qdrant", "milvus", "postgresql"]
KINDS: tuple[str, ...] = get_args(Kind)
_SECURE = "+https"
# What credentials are taken from: never from an address, which is kept and shown.
VARIABLES = {
    "lancedb": "the variables of its object store (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, …)",
    "qdrant": "QDRANT_API_KEY",
    "milvus": "MILVUS_TOKEN",
    "postgresql": "PGPASSWORD (and PGUSER)",
}
_SCHEME = re.compile(r"([a-z][a-z0-9+]*)://", re.IGNORECASE)
_OBJECTS = ("s3", "gs", "az", "s3+ddb", "abfss", "oss", "cos")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a collection is: the kind of store, its place there, and the collection's name.

    `place` is a folder, an address of an object store, or `host:port` with what follows;
    `options` are those after a question mark.
    """

    kind: Kind
    place: str
    name: str
    secure: bool = False
    options: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        told = f"?{urlencode(self.options, safe='/')}" if self.options else ""
        return f"{self.store}/{quote(self.name)}{told}"

    @property
    def store(self) -> str:
        """The address of the store itself, without the collection's name."""
        scheme = self.kind + (_SECURE if self.secure else "")
        return f"{scheme}://{quote(self.place) if self.is_local else self.place}"

    @property
    def is_local(self) -> bool:
        """Whether the place is a path on this machine, or on a share that it has."""
        return self.kind != "postgresql" and self.place.startswith("/")


def is_address(text: object) -> bool:
    """Tell whether a text is the address of a store rather than a path or a name."""
    return isinstance(text, str) and _SCHEME.match(text) is not None


def address_of(text: str, name: str | None = None) -> Address:
    """Return the address that a user has written.

    Parameters
    ----------
    name
        The collection's, which the address may leave out at its end; without one the last part
        of the address is its name.

    Raises
    ------
    StoreError
        There is no such kind of store, the address lacks something, or holds a password.
    """
    match = _SCHEME.match(text)
    if match is None:
        raise StoreError(f"{shortened(text)!r} is no address of a store, such as {_EXAMPLES}.")
    scheme = match[1].lower()
    kind = _kind(scheme)
    rest = text[match.end() :]
    found = _lance(rest) if kind == "lancedb" else _network(kind, rest)
    found = replace(found, secure=scheme.endswith(_SECURE))
    if name is None:
        place, _, last = found.place.rpartition("/")
        if not place or not last:
            raise StoreError(
                f"{shortened(str(found.store))!r} says where the store is and not which "
                f"collection: write its name behind, as in {kind}://PLACE/NAME."
            )
        name = unquote(last)
        found = replace(found, place=place)
    elif unquote(found.place.rpartition("/")[2]) == name and _has_more(found):
        found = replace(found, place=found.place.rpartition("/")[0])
    if found.is_local:
        found = replace(found, place=unquote(found.place))
    if kind == "postgresql" and "/" not in found.place:
        raise StoreError(
            "An address of PostgreSQL names a database and a collection: "
            "postgresql://HOST:PORT/DATABASE/NAME."
        )
    return replace(found, name=checked_name(name))


_EXAMPLES = (
    "lancedb:///shared/folder/name, qdrant://host/name, milvus://host/name or "
    "postgresql://host/database/name"
)


def _kind(scheme: str) -> Kind:
    known = {"lance": "lancedb", "postgres": "postgresql"}
    base = scheme.removesuffix(_SECURE)
    base = known.get(base, base)
    for kind in get_args(Kind):
        if base == kind:
            found: Kind = kind
            return found
    hint = did_you_mean(base, KINDS) or f" There are {', '.join(KINDS)}."
    raise StoreError(f"There is no kind of store {shortened(scheme)!r}.{hint}")


def _has_more(found: Address) -> bool:
    """Tell whether something is left of a place without its last part."""
    least = 2 if found.kind == "postgresql" else 1
    return len([part for part in found.place.split("/") if part]) > least


def _lance(rest: str) -> Address:
    rest = rest.rstrip("/")
    match = _SCHEME.match(rest)
    if match is not None:
        if match[1].lower() not in _OBJECTS:
            raise StoreError(
                f"LanceDB knows no object store {match[1]!r}; there are {', '.join(_OBJECTS)}."
            )
        if "@" in rest.partition("://")[2].partition("/")[0]:
            raise _secret("lancedb")
        if "?" in rest:
            raise _no_options("lancedb")
        return Address("lancedb", rest, "")
    if not rest:
        raise StoreError("An address of LanceDB needs a folder: lancedb:///shared/folder/name.")
    return Address("lancedb", quote(str(Path(unquote(rest)).expanduser().absolute())), "")


def _network(kind: Kind, rest: str) -> Address:
    if rest.startswith("/") and kind != "postgresql":
        # A folder may have any characters in its name.
        if not rest.strip("/"):
            raise _no_place(kind)
        return Address(kind, rest.rstrip("/"), "")
    user, sign, _ = rest.partition("?")[0].rpartition("@")
    # A password may have any characters too: what is before the last @ is looked at as a whole.
    if sign and (kind != "postgresql" or user.partition(":")[2]):
        raise _secret(kind)
    parts = urlsplit(f"//{rest}")
    options = tuple(parse_qsl(parts.query))
    if any("pass" in name.lower() and name.lower() != "passfile" for name, _ in options):
        raise _secret(kind)
    if options and kind != "postgresql":
        raise _no_options(kind)
    try:
        _ = parts.port
    except ValueError:
        raise StoreError(f"The port of {shortened(rest)!r} is no number from 0 to 65535.") from None
    if not parts.netloc and kind != "postgresql":
        raise _no_place(kind)
    return Address(kind, f"{parts.netloc}{parts.path.rstrip('/')}", "", options=options)


def _no_place(kind: str) -> StoreError:
    return StoreError(f"An address of {kind} needs a host or a folder: {kind}://HOST/NAME.")


def _no_options(kind: str) -> StoreError:
    # They may be a key: they are not repeated.
    return StoreError(
        f"An address of {kind} has nothing behind a question mark; keys come from the "
        f"environment: {VARIABLES[kind]}."
    )


def _secret(kind: str) -> StoreError:
    # What was written is not repeated: it stays in the notebook.
    return StoreError(
        f"The address holds a password or key, and addresses are kept and shown: leave it out and "
        f"set {VARIABLES[kind]} in the environment instead."
    )
