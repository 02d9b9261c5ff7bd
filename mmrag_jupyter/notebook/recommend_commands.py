"""The command of `%mmrag` that recommends items."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from mmrag_jupyter.notebook.grammar import Argument, Command, Example
from mmrag_jupyter.notebook.main_commands import collection_option
from mmrag_jupyter.notebook.shared_options import MODALITY, VIEW, WEIGHTS

if TYPE_CHECKING:
    from mmrag_jupyter.notebook.grammar import Arguments
    from mmrag_jupyter.notebook.namespace import Namespace
    from mmrag_jupyter.search.hits import Hits
    from mmrag_jupyter.search.taste import RatingsLike
    from mmrag_jupyter.session import Session


def recommend(session: Session, given: Arguments, names: Namespace) -> Hits:
    """Recommend items to somebody who likes some."""
    ratings = given.text("ratings")
    return session.collection(given.text("in")).recommend(
        given.listed("likes"),
        given.listed("dislikes"),
        ratings=None if ratings is None else cast("RatingsLike", names.source(ratings).value),
        k=given.count("k"),
        where=given.text("where"),
        modality=given.listed("modality"),
        weights=given.weights("weights"),
        diverse=given.share("diverse") or 0.0,
        view=given.text("view"),
    )


RECOMMEND = Command(
    "recommend",
    "Recommend items to somebody who likes some, with a reason for each.",
    recommend,
    arguments=(
        Argument(
            "likes",
            "ids",
            "ids of items that are liked, with commas between",
            ("--likes",),
            "IDS",
            many=True,
        ),
        Argument(
            "dislikes", "ids", "ids of items that are disliked", ("--dislikes",), "IDS", many=True
        ),
        Argument(
            "ratings",
            "source",
            "a dataframe, series or dict of ratings by id, or a file of a table",
            ("--ratings",),
            "VARIABLE",
        ),
        Argument("k", "count", "how many items at most", ("-k",), "N", config="k"),
        Argument("where", "where", "only items for which this holds", ("--where",), "EXPR"),
        Argument(
            "diverse",
            "share",
            "from 0, the best fits, to 1, as different as can be",
            ("--diverse",),
            "SHARE",
            default="0",
        ),
        MODALITY,
        WEIGHTS,
        VIEW,
        collection_option("the collection to recommend from"),
    ),
    examples=(
        Example("%mmrag recommend --likes A-17,B-02 --dislikes C-33", "by what they are made of"),
        Example('%mmrag recommend --likes A-17 -k 10 --where "stock > 0" --diverse 0.3', "varied"),
        Example("%mmrag recommend --ratings mine", "with mine = a dataframe of id and rating"),
    ),
    notes=("What was liked, disliked or rated is never recommended.",),
)
