"""The command of `%mmrag` that tunes a collection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from IPython.core.error import UsageError

from mmrag_jupyter.notebook.grammar import Argument, Command, Example
from mmrag_jupyter.notebook.main_commands import collection_option
from mmrag_jupyter.notebook.shared_options import ID_COLUMN, QUERY_COLUMN, RELEVANCE_COLUMN

if TYPE_CHECKING:
    from mmrag_jupyter.notebook.grammar import Arguments
    from mmrag_jupyter.notebook.namespace import Namespace
    from mmrag_jupyter.session import Session
    from mmrag_jupyter.tuning.tune import TuneOptions
    from mmrag_jupyter.tuning.tuning import Tuning


def tune(session: Session, given: Arguments, names: Namespace) -> Tuning:
    """Tune a collection by thumbs, by judgements or by its own pairs, or take that back."""
    source = given.text("source")
    collection = session.collection(given.text("in"))
    if given.flag("undo"):
        others = [one for one in given.given if one not in {"undo", "in"}]
        if others:
            raise UsageError("--undo takes the last tuning back: give it alone, or with --in NAME.")
        return collection.tune(undo=True)
    options: TuneOptions = {
        "pairs": given.flag("pairs"),
        "feedback": given.flag("from"),
        "query": given.text("query"),
        "image": given.text("image"),
        "id": given.text("id"),
        "relevance": given.text("relevance"),
        "force": given.flag("force"),
    }
    qrels = names.source(source).value if source is not None else None
    return collection.tune(qrels, **options)


TUNE = Command(
    "tune",
    "Learn from what is known to be right how queries are to be read; kept only if it helps.",
    tune,
    arguments=(
        Argument(
            "source",
            "source",
            "judgements: a dataframe, or a .csv, .tsv, .parquet or .jsonl, with a query, an item"
            " and its relevance in each row",
            metavar="QRELS",
        ),
        Argument(
            "from",
            "choice",
            "learn from the thumbs given in panels",
            ("--from",),
            "WHAT",
            choices=("feedback",),
        ),
        Argument(
            "pairs",
            "flag",
            "learn from texts and pictures that belong together: those of each item, or of each"
            " row of QRELS",
            ("--pairs",),
        ),
        Argument("undo", "flag", "go back to the tuning before the last one, or none", ("--undo",)),
        Argument("force", "flag", "apply it although it is no gain", ("--force",)),
        QUERY_COLUMN,
        Argument(
            "image", "column", "with --pairs: column of QRELS with the picture", ("--image",),
            "COL", default="found by its name, and said",
        ),
        ID_COLUMN,
        RELEVANCE_COLUMN,
        collection_option("the collection to tune"),
    ),
    examples=(
        Example("%mmrag tune --from feedback", "from your thumbs in panels"),
        Example("tuning = %mmrag tune qrels", "a dataframe: query, id, relevance"),
        Example("%mmrag tune --pairs --in products", "from pictures and texts of the same item"),
        Example("%mmrag tune --undo", "as it was before"),
    ),
    notes=(
        (
            "It is tried on queries and items that were held out, and applied only where the gain"
            " is more than chance."
        ),
        "Vectors and indexes stay as they are: nothing is embedded again.",
    ),
)  # fmt: skip
