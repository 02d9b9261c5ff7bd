"""What a word of the command line stands for in the user's namespace: a table, a picture, a path.

Only names, attributes, subscripts and constants are evaluated. A call could do anything, and a
word that is meant as text must never run as code.
"""

from __future__ import annotations

import ast
import os
from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, TypeAlias, TypeGuard, cast

from IPython.core.error import UsageError

from mmrag_jupyter.errors import QueryError, SourceError, did_you_mean
from mmrag_jupyter.items import Media
from mmrag_jupyter.notebook.words import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, MutableMapping

    from PIL.Image import Image

    from mmrag_jupyter.errors import MmragError
    from mmrag_jupyter.search.terms import SoundLike

Picture: TypeAlias = "Path | bytes | Image | Mapping[str, object]"

_TABLES = {
    ("pandas", "DataFrame"),
    ("polars", "DataFrame"),
    ("pyarrow", "Table"),
    ("datasets", "Dataset"),
}
_LINKS = (ast.Attribute, ast.Subscript, ast.Call)
_PLAIN = (
    ast.Name, ast.Attribute, ast.Subscript, ast.Constant, ast.Tuple, ast.Slice, ast.UnaryOp,
    ast.USub, ast.Load,
)  # fmt: skip
_RESERVED_MODELS = {"auto", "builtin"}
_MISSING = {"NAType", "NaTType"}
_ABSENT = object()


class _UnreadableError(Exception):
    """A chain of names that starts at a variable of the user's and leads nowhere."""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What a SOURCE turned out to be.

    `name` is what a variable calls its collection if the user names none, "" where it suggests
    no name; `key` identifies the variable over time. Paths name and identify themselves.
    """

    value: object
    name: str
    key: str | None


class Namespace:
    """The names that a command can see: the caller's local ones before the user's."""

    def __init__(self, *scopes: MutableMapping[str, object]) -> None:
        self._names = ChainMap(*scopes)

    def tables(self) -> dict[str, object]:
        """Return the dataframes and other tables by the names of their variables."""
        return {name: value for name, value in self.public().items() if is_table(value)}

    def public(self) -> dict[str, object]:
        """Return all variables whose name does not begin with an underscore."""
        return {k: value for k, value in self._names.items() if not k.startswith("_")}

    def table(self, text: str) -> object | None:
        """Return the table that `text` stands for, or None."""
        try:
            value = self._evaluate(text)
        except _UnreadableError:
            return None
        return value if is_table(value) else None

    def source(self, text: str) -> Found:
        """Return what `load` is to read: a variable's value first, else a path.

        Raises
        ------
        SourceError
            `text` is neither; the nearest is suggested.
        """
        value, path = self._looked_up(text, SourceError)
        # A folder wins over a variable that cannot be what is meant: a function, a number.
        if path is not None and not _is_loadable(value):
            return Found(path, "", None)
        if value is not _ABSENT:
            is_path = isinstance(value, str | Path)
            return Found(value, _name_of(text), None if is_path else f"table:{text}")
        near = did_you_mean(text, [*self.tables(), *_neighbours(text)])
        raise SourceError(f"There is no variable and no file called {shown(text)}.{near}")

    def picture(self, text: str) -> Picture | str:
        """Return the picture that `text` stands for: a URL, a variable's value, or a path.

        Raises
        ------
        QueryError
            `text` is none of them, or a value that holds no picture; the nearest is suggested.
        """
        return cast("Picture | str", self._given(text, "picture", is_picture))

    def recording(self, text: str) -> SoundLike:
        """Return the recording that `text` stands for: a URL, a variable's value, or a path.

        Raises
        ------
        QueryError
            `text` is none of them, or a value that holds no recording; the nearest is suggested.
        """
        return cast("SoundLike", self._given(text, "recording", is_recording))

    def _given(self, text: str, what: str, fits: Callable[[object], bool]) -> object:
        if _is_url(text):
            return text
        value, path = self._looked_up(text, QueryError)
        if fits(value) or isinstance(value, str):
            return value
        if path is not None:
            return path
        if value is not _ABSENT:
            raise QueryError(f"{text} is {_described(value)}, not a {what}, a path or a URL.")
        values = (name for name, value in self.public().items() if not _is_tool(value))
        near = did_you_mean(text, [*values, *_neighbours(text)])
        raise QueryError(
            f"There is no {what} {shown(text)}: it is no variable, no file and no URL.{near}"
        )

    def avoided(self, text: str) -> Picture | Media | str:
        """Return the picture that `text` stands for, or else `text` itself, as words."""
        try:
            found = self.picture(text)
        except QueryError:
            return text
        if _is_url(text):
            return Media(url=text)
        # A variable that happens to be called like a word of the text is not meant.
        return found if is_picture(found) else text

    def model(self, text: str) -> object:
        """Return the embedder in the variable called `text`, or else `text`, a name or folder."""
        if text in _RESERVED_MODELS:
            return text
        try:
            value = self._evaluate(text)
        except _UnreadableError:
            return text
        return text if value is _ABSENT or isinstance(value, type | ModuleType) else value

    def expand(self, text: str) -> str:
        """Return `text` with `{expression}` and `$name` replaced by their values.

        Raises
        ------
        QueryError
            An expression cannot be evaluated.
        """
        from IPython.utils.text import DollarFormatter

        try:
            return DollarFormatter().vformat(text, [], dict(self._names))
        except Exception as error:  # noqa: BLE001 - the user's own expression may raise anything
            raise QueryError(f"--expand cannot fill in {shown(text)}: {_told(error)}") from None

    def _looked_up(self, text: str, error: type[MmragError]) -> tuple[object, Path | None]:
        """Return the value of `text`, or `_ABSENT`, and the path that it is, if it is on disk.

        What can only be a variable and cannot be read raises `error`.
        """
        path = Path(os.path.expanduser(text))  # noqa: PTH111 - Path's raises on unknown users
        there = path if os.path.lexists(path) else None
        try:
            return self._evaluate(text), there
        except _UnreadableError as reason:
            if there is None:
                raise error(str(reason)) from None
            return _ABSENT, there

    def _evaluate(self, text: str) -> object:
        """Return the value of a chain such as `frame.loc[3].image`, or `_ABSENT`."""
        node = _parsed(text)
        root = node
        while isinstance(root, _LINKS):
            root = root.func if isinstance(root, ast.Call) else root.value
        if node is None or not isinstance(root, ast.Name) or root.id not in self._names:
            return _ABSENT
        if not all(isinstance(part, _PLAIN) for part in ast.walk(node)):
            raise _UnreadableError(
                f"{shown(text)} computes something; only names, attributes and [...] are"
                " understood here. Assign it to a variable first."
            )
        code = compile(ast.Expression(node), "<%mmrag>", "eval")
        try:
            value: object = eval(code, {"__builtins__": {}}, self._names)  # noqa: S307
        except Exception as error:  # noqa: BLE001 - the user's own object may raise anything
            raise _UnreadableError(f"{shown(text)} cannot be read: {_told(error)}") from None
        return value


def is_table(value: object) -> bool:
    """Return whether `value` is a dataframe or another table, importing nothing to look."""
    return any((package, name) in _TABLES for package, name in _lineage(value))


def is_picture(value: object) -> TypeGuard[Picture]:
    """Return whether `value` holds or names one picture, importing nothing to look."""
    if isinstance(value, dict):
        return "bytes" in value or "path" in value
    return isinstance(value, (bytes, Path)) or _comes_from(value, "PIL")


def is_recording(value: object) -> bool:
    """Tell whether a value is a recording that a query takes: bytes, a path, or samples."""
    if isinstance(value, Mapping):
        return bool({"array", "bytes", "path"} & value.keys())
    pair = 2
    return isinstance(value, bytes | Path) or (isinstance(value, tuple) and len(value) == pair)


def is_llm(value: object) -> bool:
    """Return whether `value` is a language model of LlamaIndex, importing nothing to look."""
    return ("llama_index", "LLM") in _lineage(value) and not isinstance(value, type)


def column_names(table: object) -> list[str]:
    """Return the names of a table's columns."""
    # Arrow's own `columns` are the data.
    names: Iterable[object] = getattr(table, "column_names", None) or getattr(table, "columns", [])
    return [str(name) for name in names]


def name_for(found: Found, text: str) -> str | None:
    """Return the name for the collection of `found`, None for a path's own, or ask for one."""
    if not found.name and found.key is not None:
        raise UsageError(f"{shown(text)} suggests no name for its collection; add --as NAME.")
    return found.name or None


def _is_loadable(value: object) -> bool:
    if is_table(value) or isinstance(value, str | Path | list | tuple):
        return True
    return _comes_from(value, "llama_index") and not isinstance(value, type)


def _is_tool(value: object) -> bool:
    """Return whether `value` does something rather than being something: IPython's own `open`."""
    return isinstance(value, ModuleType) or callable(value)


def _comes_from(value: object, package: str) -> bool:
    return any(found == package for found, _ in _lineage(value))


def _lineage(value: object) -> list[tuple[str, str]]:
    """Return the package and name of each class that `value` is an instance of."""
    kind = type(value)
    # Most variables are of a built-in type; a namespace may hold thousands.
    if kind.__module__ == "builtins":
        return []
    return [(base.__module__.partition(".")[0], base.__name__) for base in kind.__mro__]


def _is_url(text: str) -> bool:
    return text.lower().startswith(("http://", "https://"))


def _parsed(text: str) -> ast.expr | None:
    try:
        return ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _name_of(text: str) -> str:
    node = _parsed(text)
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    constant = node.slice if isinstance(node, ast.Subscript) else None
    if isinstance(constant, ast.Constant) and isinstance(constant.value, str):
        return constant.value
    return ""


def _neighbours(text: str) -> list[str]:
    """Return the paths beside the one that `text` would be, written as `text` is."""
    folder, _, _ = text.rpartition("/")
    try:
        names = os.listdir(folder or ("/" if text.startswith("/") else "."))  # noqa: PTH208
    except (OSError, ValueError):
        return []
    prefix = text[: len(text) - len(text.rpartition("/")[2])]
    return [prefix + name for name in names]


def _described(value: object) -> str:
    kind = type(value)
    if value is None or kind.__name__ in _MISSING or (isinstance(value, float) and isnan(value)):
        return "a missing value"
    name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
    return f"of type {name}"


def _told(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]
