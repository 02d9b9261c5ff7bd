"""The command of `%mmrag` that measures how well a collection answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmrag_jupyter.errors import NotFoundError, QueryError, did_you_mean
from mmrag_jupyter.notebook.grammar import Argument, Command, Example
from mmrag_jupyter.notebook.main_commands import collection_option
from mmrag_jupyter.notebook.shared_options import ID_COLUMN, QUERY_COLUMN, RELEVANCE_COLUMN, WEIGHTS
from mmrag_jupyter.search.query import SIGNALS

if TYPE_CHECKING:
    from mmrag_jupyter.evaluation.arguments import EvaluateOptions
    from mmrag_jupyter.evaluation.result import Evaluation
    from mmrag_jupyter.evaluation.settings import CompareLike
    from mmrag_jupyter.notebook.grammar import Arguments
    from mmrag_jupyter.notebook.namespace import Namespace
    from mmrag_jupyter.session import Session

_CHANCE, _RERANK = "chance", "rerank="
COMPARED = (_CHANCE, _RERANK, *(f"{name}=" for name in SIGNALS))


def evaluate(session: Session, given: Arguments, names: Namespace) -> Evaluation:
    """Measure a collection by judgements, by its own pairs, or by thumbs."""
    source, rerank = given.text("source"), given.text("rerank")
    options: EvaluateOptions = {
        "pairs": given.flag("pairs"),
        "feedback": given.flag("from"),
        "query": given.text("query"),
        "image": given.text("image"),
        "audio": given.text("audio"),
        "id": given.text("id"),
        "relevance": given.text("relevance"),
        "by": given.text("by"),
        "measures": given.listed("measures"),
        "weights": given.weights("weights"),
        "compare": [_compared(text, session, names) for text in given.all("compare")],
    }
    if (k := given.count("k")) is not None:
        options["k"] = k
    if rerank is not None:
        options["rerank"] = names.model(rerank)
    qrels = names.source(source).value if source is not None else None
    return session.collection(given.text("in")).evaluate(qrels, **options)


def _compared(text: str, session: Session, names: Namespace) -> CompareLike:
    """Return another collection, weights, or a reranker that may stand in a variable."""
    if text in session.names():
        return session.collection(text)
    if "=" not in text and text != _CHANCE:
        known = [*session.names(), _CHANCE]
        raise NotFoundError(
            f"--compare {text!r} is no collection; give the name of one, weights such as text=2,"
            f" rerank=NAME, or {_CHANCE}.{did_you_mean(text, known)}"
        )
    if _RERANK not in text:
        return text
    pairs: dict[str, object] = {}
    for part in text.split(","):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or name in pairs:
            raise QueryError(f"--compare {text!r}: {part.strip()!r} is not one NAME=VALUE.")
        pairs[name] = names.model(value) if name == "rerank" else value
    return pairs


EVAL = Command(
    "eval",
    "Measure how well a collection answers, by judgements, its own pairs, or thumbs.",
    evaluate,
    arguments=(
        Argument(
            "source",
            "source",
            "judgements: a dataframe, or a .csv, .tsv, .parquet or .jsonl, with a query, an item"
            " and its relevance in each row",
            metavar="QRELS",
        ),
        Argument(
            "pairs",
            "flag",
            "texts and pictures, or sound, that belong together should find each other: those of"
            " each item, or of each row of QRELS",
            ("--pairs",),
        ),
        Argument(
            "from",
            "choice",
            "measure by the thumbs given in panels",
            ("--from",),
            "WHAT",
            choices=("feedback",),
        ),
        Argument(
            "by",
            "slice",
            "slice by a column of the judgements, or of the items",
            ("--by",),
            "COL",
        ),
        Argument("k", "count", "how many hits the measures look at", ("-k",), "N", default="10"),
        Argument(
            "compare",
            "compared",
            "set beside: weights such as text=2,lexical=0, rerank=NAME, another collection of the"
            " same items, or chance; may be given again",
            ("--compare",),
            "WHAT",
            many=True,
        ),
        Argument(
            "measures",
            "words",
            "nDCG@N, recall@N, precision@N, MRR, MAP, with commas between",
            ("--measures",),
            "NAMES",
            many=True,
            default="all of them at -k",
        ),
        WEIGHTS,
        Argument(
            "rerank", "model", "a model that reads again, as for query", ("--rerank",), "M",
            default="none",
        ),
        QUERY_COLUMN,
        Argument(
            "image", "column", "column of QRELS with the query's picture", ("--image",), "COL",
            default="found by its name, and said",
        ),
        Argument(
            "audio", "column", "column of QRELS with the query's recording", ("--audio",), "COL",
            default="found by its name, and said",
        ),
        ID_COLUMN,
        RELEVANCE_COLUMN,
        collection_option("the collection to measure"),
    ),
    examples=(
        Example("%mmrag eval qrels --by category", "a dataframe: query, id, relevance"),
        Example("%mmrag eval --pairs", "the collection's own pictures and texts"),
        Example(
            'evaluation = %mmrag eval qrels --compare lexical=0 --compare "text=2,image=1"',
            "weights side by side, with the intervals of their differences",
        ),
        Example("%mmrag eval --from feedback --compare other", "a collection by another model"),
    ),
    notes=(
        "The result has .to_pandas(), .per_query and .worst(5), the queries that went worst.",
        "Intervals are of 95%, by bootstrap over the queries; few queries make them wide.",
        "Interrupted, it shows what the queries asked so far say.",
    ),
)  # fmt: skip
