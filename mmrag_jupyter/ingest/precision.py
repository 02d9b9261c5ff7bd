"""How a collection keeps its vectors: of how many numbers, and how precise each is."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models.late import is_late
from mmrag_jupyter.models.truncated import cut_as, dims_of, truncated
from mmrag_jupyter.store.values import Precision

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mmrag_jupyter.items import Modality
    from mmrag_jupyter.models.spaces import AnyEmbedder
    from mmrag_jupyter.store import Space

_LATE: Precision = "float16"
_AGAIN = "or add --reembed (reembed=True) to embed the whole collection again"


def checked(precision: object, dim: object) -> tuple[Precision | None, int | None]:
    """Return what a load was told of its vectors.

    Raises
    ------
    ModelError
        It is no such thing.
    """
    known = get_args(Precision)
    if precision is not None and precision not in known:
        raise ModelError(f"precision is {precision!r}; give {', '.join(known)}.")
    if dim is not None and (not isinstance(dim, int) or isinstance(dim, bool) or dim < 1):
        raise ModelError(f"dim is {dim!r}; give how many numbers of each vector to keep.")
    return next((one for one in known if one == precision), None), dim


def as_kept(
    chosen: Mapping[Modality, AnyEmbedder | None],
    remembered: Mapping[Modality, str | None],
    dim: int | None,
) -> dict[Modality, AnyEmbedder | None]:
    """Return embedders of the first `dim` numbers, or else of as many as the collection keeps.

    Raises
    ------
    ModelError
        A model does not allow it.
    """
    made: dict[tuple[int, str], AnyEmbedder] = {}
    kept: dict[Modality, AnyEmbedder | None] = {}
    for modality, embedder in chosen.items():
        if embedder is None:
            kept[modality] = None
            continue
        own = remembered.get(modality) or ""
        cut = truncated(embedder, dim) if dim is not None else cut_as(own, embedder)
        # A model of several modalities stays one.
        kept[modality] = made.setdefault((id(embedder), cut.name), cut)
    return kept


def refuse_other_dim(modality: Modality, own: AnyEmbedder | None, dim: int | None) -> None:
    """Raise ModelError where a modality is to go on by its own model, but with other vectors."""
    if own is None or dim is None or own.dim == dim:
        return
    raise ModelError(
        f"This collection keeps {own.dim} numbers of each vector of its {modality} parts, not "
        f"{dim}: leave --dim out to keep that, {_AGAIN}."
    )


def refuse_other_cut(modality: Modality, own: str | None, asked: str | None) -> None:
    """Raise ModelError where two names are of one model, of which other numbers are kept."""
    if own is None or asked is None:
        return
    before, now = dims_of(own), dims_of(asked)
    whole = {one[0] if one else name for one, name in ((before, own), (now, asked))}
    if len(whole) > 1:
        return
    raise ModelError(
        f"This collection keeps {before[1] if before else 'all'} numbers of each vector of its "
        f"{modality} parts, not {now[1] if now else 'all'}: leave --dim out to keep that, {_AGAIN}."
    )


def precision_of(
    spaces: Sequence[Space], embedder: AnyEmbedder, wanted: Precision | None
) -> Precision:
    """Return how precise the numbers of a model's vectors are kept: as before, or as wanted.

    Raises
    ------
    ModelError
        The collection has its vectors in another precision.
    """
    own = next((space.dtype for space in spaces if space.name == embedder.name), None)
    if is_late(embedder):
        own = _LATE
    if own is not None and wanted not in {None, own}:
        raise ModelError(
            f"Vectors of {embedder.name} are kept in {own} here, not in {wanted}: leave "
            "--precision out to keep that, or load into another collection with --as NAME."
        )
    others: Precision = next((space.dtype for space in spaces if not space.token_dim), "float32")
    return own or wanted or others
