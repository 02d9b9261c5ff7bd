"""Points in two dimensions: principal components at once, or UMAP where it is installed."""

from __future__ import annotations

import warnings
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal, cast, get_args

from mmrag_jupyter.errors import MissingError, QueryError, did_you_mean

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from mmrag_jupyter.exploring.work import Work

    Vectors = npt.NDArray[np.float32]

Layout = Literal["auto", "pca", "umap"]

# UMAP takes some two minutes for so many on two cores; beyond it one should ask for that.
_AT_ONCE = 20_000
_NEIGHBOURS = 15
_DIRECTIONS = 50
_SMALLEST = 10  # fewer points have no neighbourhoods to speak of


def as_layout(name: str) -> Layout:
    """Return the name of a layout, once it is known to be one that can be had.

    Raises
    ------
    QueryError
        There is no such layout.
    MissingError
        It needs a library that is not installed.
    """
    known = get_args(Layout)
    if name not in known:
        raise QueryError(
            f"Unknown layout {name!r}; known are {', '.join(known)}.{did_you_mean(name, known)}"
        )
    if name == "umap" and not has_umap():
        raise MissingError(
            "layout 'umap' needs umap-learn: pip install 'mmrag-jupyter[umap]', or take 'pca'."
        )
    return cast("Layout", name)


def has_umap() -> bool:
    """Tell whether UMAP is installed, without loading it."""
    return find_spec("umap") is not None


def laid_out(vectors: Vectors, layout: Layout, work: Work) -> tuple[Vectors, str]:
    """Return points in two dimensions, and what has laid them out, in a word or two.

    The same points are laid out alike every time.

    Parameters
    ----------
    vectors
        Shape (n, dim) float32, of length 1.

    Returns
    -------
    Shape (n, 2) float32.
    """
    # The commands of a notebook read the names above, before anything heavy is loaded.
    from mmrag_jupyter.exploring.geometry import projected

    count = len(vectors)
    wanted = layout == "umap" or (layout == "auto" and has_umap() and count <= _AT_ONCE)
    if not wanted or count < _SMALLEST:
        return projected(vectors, 2), "principal components"
    few = projected(vectors, min(_DIRECTIONS, vectors.shape[1]))
    if not few.any():
        return few[:, :2], "principal components"  # all points are the same
    work.start(f"laying out {count:,} items (UMAP)", count)
    with warnings.catch_warnings():
        # It says that a seed keeps it to one thread: that is what is wanted.
        warnings.simplefilter("ignore")
        from umap import UMAP

        made = UMAP(
            n_neighbors=min(_NEIGHBOURS, count - 1),
            init=few[:, :2] / max(float(few[:, :2].std()), 1e-12),
            random_state=0,
            n_jobs=1,
        )
        found: Vectors = made.fit_transform(few)
        return found, "UMAP"
