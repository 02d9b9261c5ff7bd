"""The commands of `%mmrag` that show a collection whole: its map, duplicates, facets, and so on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, get_args

from IPython.core.error import UsageError

from mmrag_jupyter.exploring.layout import Layout
from mmrag_jupyter.exploring.scatter import INSTALL
from mmrag_jupyter.notebook.grammar import Argument, Command, Example
from mmrag_jupyter.notebook.main_commands import QUERY, collection_option

if TYPE_CHECKING:
    from mmrag_jupyter.exploring.clustered import Clusters
    from mmrag_jupyter.exploring.facets import Facets
    from mmrag_jupyter.exploring.groups import Groups
    from mmrag_jupyter.exploring.lonely import Outliers
    from mmrag_jupyter.exploring.map import Map
    from mmrag_jupyter.notebook.grammar import Arguments
    from mmrag_jupyter.notebook.namespace import Namespace
    from mmrag_jupyter.session import Session


def map_(session: Session, given: Arguments, _names: Namespace) -> Map:
    """Lay the items out in two dimensions."""
    return session.collection(given.text("in")).map(
        given.text("color"),
        layout=given.text("layout") or "auto",
        modality=given.text("modality"),
        where=given.text("where"),
        sample=given.count("sample"),
    )


def facets(session: Session, given: Arguments, _names: Namespace) -> Facets:
    """Count what the items have."""
    return session.collection(given.text("in")).facets(where=given.text("where"))


def duplicates(session: Session, given: Arguments, _names: Namespace) -> Groups:
    """Find what is there twice."""
    return session.collection(given.text("in")).duplicates(
        modality=given.text("modality"),
        where=given.text("where"),
        near=_share(given, "near"),
        exact=given.flag("exact"),
    )


def outliers(session: Session, given: Arguments, _names: Namespace) -> Outliers:
    """Find what is unlike the rest."""
    count = given.count("k")
    return session.collection(given.text("in")).outliers(
        modality=given.text("modality"),
        where=given.text("where"),
        **({} if count is None else {"k": count}),
    )


def clusters(session: Session, given: Arguments, _names: Namespace) -> Clusters:
    """Group what is alike."""
    return session.collection(given.text("in")).clusters(
        given.count("k"), modality=given.text("modality"), where=given.text("where")
    )


def _share(given: Arguments, name: str) -> float | None:
    text = given.text(name)
    try:
        return None if text is None else float(text)
    except ValueError:
        raise UsageError(f"--{name} takes a number from 0 to 1, not {text!r}.") from None


_OF_QUERY = {argument.name: argument for argument in QUERY.arguments}
_MODALITY = replace(
    _OF_QUERY["modality"],
    meaning="choice",
    summary="compare items by their parts of this modality",
    metavar="M",
    many=False,
    default="the one that most items have",
)
_WHERE = replace(_OF_QUERY["where"], summary="only items for which this holds")

MAP = Command(
    "map",
    "Lay the items out as a map, near to their like: zoom, hover, select with the lasso.",
    map_,
    arguments=(
        collection_option("the collection to look at"),
        Argument(
            "color",
            "column",
            "the column to colour them by",
            ("--color", "--colour"),
            "COL",
            default="one colour for all",
        ),
        Argument(
            "layout",
            "choice",
            "how they are laid out",
            ("--layout",),
            "L",
            choices=get_args(Layout),
            default="umap where umap-learn is installed and 20,000 items at most, else pca",
        ),
        _MODALITY,
        _WHERE,
        Argument(
            "sample",
            "count",
            "at most so many items, drawn at random but always the same",
            ("--sample",),
            "N",
            default="all",
        ),
    ),
    examples=(
        Example("%mmrag map --color category", "the current collection"),
        Example('m = %mmrag map --in photos --where "year > 2020"', "keeps it; `m` alone shows it"),
    ),
    notes=(
        "m.selection is what is selected in it, like the result of a query.",
        "m.to_pandas() has id, x, y and the columns of all items.",
        f"The map to move in needs jupyter-scatter: {INSTALL}; without it, a picture is shown.",
    ),
)

DUPLICATES = Command(
    "duplicates",
    "Find items that are there twice, or nearly so.",
    duplicates,
    arguments=(
        collection_option("the collection to look at"),
        _MODALITY,
        _WHERE,
        Argument(
            "near",
            "words",
            "from which similarity on (up to 1) two are near-duplicates",
            ("--near",),
            "S",
            default="what suits the vectors, and is said",
        ),
        Argument("exact", "flag", "only what has the same content", ("--exact",)),
    ),
    examples=(
        Example("%mmrag duplicates", "in groups, with what differs"),
        Example("twins = %mmrag duplicates --exact --in photos", "the same content alone"),
        Example("%mmrag duplicates --modality text --near 0.9", "by their texts"),
    ),
    notes=(
        "The first of each group is the one to keep; twins.to_pandas() has them all.",
        "collection.delete(ids=twins.rest) leaves the first of each group.",
    ),
)

OUTLIERS = Command(
    "outliers",
    "Find the items farthest from all others.",
    outliers,
    arguments=(
        collection_option("the collection to look at"),
        _MODALITY,
        _WHERE,
        replace(_OF_QUERY["k"], summary="how many to show", default="12", config=""),
    ),
    examples=(
        Example("%mmrag outliers", "by what most items have"),
        Example("odd = %mmrag outliers --modality image -k 24", "odd.to_pandas() has all items"),
    ),
    notes=("A score of 3.5 and more is commonly taken for an outlier.",),
)

CLUSTERS = Command(
    "clusters",
    "Put the items into groups of their like, named by their most typical words.",
    clusters,
    arguments=(
        collection_option("the collection to look at"),
        replace(
            _OF_QUERY["k"], summary="how many groups", default="as many as suit them", config=""
        ),
        _MODALITY,
        _WHERE,
    ),
    examples=(
        Example("%mmrag clusters", "as many as suit them"),
        Example("groups = %mmrag clusters -k 12 --in photos", "groups.to_pandas() has all items"),
    ),
    notes=("groups[0].hits are the items of the largest, the most central first.",),
)

FACETS = Command(
    "facets",
    "Count the values and ranges of the columns.",
    facets,
    arguments=(collection_option("the collection to look at"), _WHERE),
    examples=(
        Example("%mmrag facets", "of all items"),
        Example('counts = %mmrag facets --where "stock > 0"', "counts.to_pandas() is a dataframe"),
    ),
)

EXPLORING = (MAP, DUPLICATES, OUTLIERS, CLUSTERS, FACETS)
