"""Arrow columns: what they hold, the pandas dtype that they come back as, and plain values."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from mmrag_jupyter.items import Column
from mmrag_jupyter.sources.columns import Described, categories_of
from mmrag_jupyter.sources.plain import kind_of, plain_list

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    from mmrag_jupyter.items import Kind

    Read = Callable[[pa.ChunkedArray], list[object]]
    Describer = Callable[[str, pa.ChunkedArray], Described[pa.ChunkedArray]]


def describe_arrow(name: str, values: pa.ChunkedArray) -> Described[pa.ChunkedArray]:
    """Return what an Arrow column holds; `dtype` is the pandas dtype nearest to it.

    Lists, structs and maps are of kind "json". Whole numbers and booleans with missing
    values get pandas' nullable dtypes, so that they stay whole numbers and booleans.
    """
    from pyarrow import types

    kind = values.type
    for tests, describer in _DESCRIBERS.items():
        if any(getattr(types, f"is_{test}")(kind) for test in tests.split()):
            return describer(name, values)
    found = kind_of(values.to_pylist())
    return Described(Column(name, found), lambda part: plain_list(part.to_pylist(), found))


def label_names(schema: pa.Schema) -> dict[str, list[str]]:
    """Return the names of the class labels that Hugging Face datasets keeps in a schema."""
    written = (schema.metadata or {}).get(b"huggingface")
    if written is None:
        return {}
    features = (json.loads(written).get("info") or {}).get("features") or {}
    return {
        name: feature["names"]
        for name, feature in features.items()
        if isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
    }


def describe_labels(name: str, names: list[str]) -> Described[pa.ChunkedArray]:
    """Return a column of class labels, whose numbers stand for names."""
    lookup = dict(enumerate(names))
    column = categories_of(names, Column("", "str", "str"), ordered=False)
    return Described(
        replace(column, name=name),
        lambda part: [lookup.get(number) for number in part.to_pylist()],
    )


def _to_list(values: pa.ChunkedArray) -> list[object]:
    return list(values.to_pylist())


def _read_as(target: pa.DataType) -> Read:
    # Python's own types end at the microsecond, and a safe cast would refuse what is finer.
    return lambda part: list(part.cast(target, safe=False).to_pylist())


def _plainly(kind: Kind, dtype: str = "object") -> Describer:
    """Describe columns whose values come out as plain Python of themselves."""
    return lambda name, _: Described(Column(name, kind, dtype), _to_list)


def _floats(name: str, values: pa.ChunkedArray) -> Described[pa.ChunkedArray]:
    dtype = values.type.to_pandas_dtype().__name__
    return Described(
        Column(name, "float", dtype), lambda part: plain_list(part.to_pylist(), "float")
    )


def _nested(name: str, _: pa.ChunkedArray) -> Described[pa.ChunkedArray]:
    return Described(Column(name, "json"), lambda part: plain_list(part.to_pylist(), "json"))


def _times(name: str, _: pa.ChunkedArray) -> Described[pa.ChunkedArray]:
    import pyarrow as pa

    return Described(Column(name, "time"), _read_as(pa.time64("us")))


def _booleans(name: str, values: pa.ChunkedArray) -> Described[pa.ChunkedArray]:
    return Described(Column(name, "bool", "boolean" if values.null_count else "bool"), _to_list)


def _integers(name: str, values: pa.ChunkedArray) -> Described[pa.ChunkedArray]:
    dtype = str(values.type)
    if values.null_count:
        dtype = dtype.replace("int", "Int").replace("uI", "UI")
    return Described(Column(name, "int", dtype), _to_list)


def _durations(name: str, values: pa.ChunkedArray) -> Described[pa.ChunkedArray]:
    dtype = f"timedelta64[{values.type.unit}]"
    return Described(
        Column(name, "timedelta", dtype), lambda part: plain_list(part.to_pylist(), "timedelta")
    )


def _moments(name: str, values: pa.ChunkedArray) -> Described[pa.ChunkedArray]:
    if not _fits_python(values):
        return Described(Column(name, "str"), lambda part: _far_moments(part.to_numpy()))
    zone = f", {values.type.tz}" if values.type.tz else ""
    column = Column(name, "datetime", f"datetime64[{values.type.unit}{zone}]")
    if values.type.unit == "ns":
        return Described(column, lambda part: plain_list(part.to_pylist(), "datetime"))
    return Described(column, _to_list)


def _far_moments(values: npt.NDArray[np.datetime64]) -> list[object]:
    return plain_list(values, "str")


def _fits_python(values: pa.ChunkedArray) -> bool:
    """Tell whether all moments are within the years 1 to 9999."""
    import pyarrow.compute as pc

    ends = pc.min_max(pc.year(values)).as_py()
    return ends["min"] is None or (ends["min"] >= 1 and ends["max"] <= 9999)  # noqa: PLR2004


def _categorical(name: str, values: pa.ChunkedArray) -> Described[pa.ChunkedArray]:
    import pyarrow as pa

    whole = values.unify_dictionaries()
    categories = (
        whole.chunk(0).dictionary if whole.num_chunks else pa.array([], values.type.value_type)
    )
    inner = describe_arrow(name, pa.chunked_array([categories]))
    lookup = inner.read(pa.chunked_array([categories]))
    column = categories_of(lookup, inner.column, ordered=values.type.ordered)

    def read(part: pa.ChunkedArray) -> list[object]:
        return inner.read(part.cast(values.type.value_type))

    return Described(replace(column, name=name), read)


_DESCRIBERS: dict[str, Describer] = {
    "dictionary": _categorical,
    "boolean": _booleans,
    "integer": _integers,
    "floating": _floats,
    "string large_string string_view": _plainly("str", "str"),
    "binary large_binary binary_view fixed_size_binary": _plainly("bytes"),
    "timestamp": _moments,
    "duration": _durations,
    "date": _plainly("date"),
    "time": _times,
    "decimal": _plainly("decimal"),
    "nested": _nested,
}
