"""The two commands of `%mmrag` that do the main job: `load` and `query`."""

from __future__ import annotations

from mmrag_jupyter.notebook import handlers
from mmrag_jupyter.notebook.grammar import Argument, Command, Example
from mmrag_jupyter.notebook.shared_options import BASE_URL, KEY_ENV, MODALITY, VIEW, WEIGHTS


def collection_option(summary: str) -> Argument:
    """Return `--in NAME`, which stands for the current collection when it is not given."""
    return Argument(
        "in", "collection", summary, ("--in",), "NAME", default="the current collection"
    )


LOAD = Command(
    "load",
    "Load a dataframe, folder or file; again, to bring the collection up to date with it.",
    handlers.load,
    arguments=(
        Argument(
            "source",
            "source",
            "a variable (pandas, polars, Arrow, datasets, a list of paths, LlamaIndex nodes) or"
            " else a path: a folder, a picture, a recording, a text, a document (.pdf, .docx,"
            " .pptx, .html), a table (.csv, .tsv, .parquet, .jsonl)",
            metavar="SOURCE",
            required=True,
        ),
        Argument(
            "as",
            "new",
            "name the collection",
            ("--as",),
            "NAME",
            default="the variable's, folder's or file's own name",
        ),
        Argument("in", "collection", "add to a collection that is there", ("--in",), "NAME"),
        Argument(
            "store",
            "new",
            "where the collection lives: a folder, lancedb://FOLDER_OR_OBJECT_STORE, qdrant://HOST,"
            " milvus://HOST or postgresql://HOST/DATABASE",
            ("--store",),
            "PLACE",
            default=".mmrag/NAME beside the notebook",
        ),
        Argument(
            "into",
            "collection",
            "join the rows to the items of a collection that is there, by --on",
            ("--into",),
            "NAME",
        ),
        Argument(
            "on",
            "column",
            "with --into: the column that names an item, or COL=OTHER for the items' own name",
            ("--on",),
            "COL",
        ),
        Argument(
            "text",
            "columns",
            "columns with texts, with commas between",
            ("--text",),
            "COLS",
            many=True,
            default="guessed, and said",
        ),
        Argument(
            "image",
            "columns",
            "columns with pictures (paths, URLs, bytes, PIL images) or with paths of documents",
            ("--image",),
            "COLS",
            many=True,
            default="guessed, and said",
        ),
        Argument(
            "audio",
            "columns",
            "columns with recordings (paths, URLs, bytes, samples)",
            ("--audio",),
            "COLS",
            many=True,
            default="guessed, and said",
        ),
        Argument(
            "id",
            "column",
            "column whose values name the items",
            ("--id",),
            "COL",
            default="the dataframe's index, or the path",
        ),
        Argument(
            "root",
            "folder",
            "folder that relative picture paths start from",
            ("--root",),
            "DIR",
            default="the table's own folder, or the notebook's",
        ),
        Argument(
            "model",
            "model",
            "what embeds texts and pictures: a name, a folder, a variable, or openai:NAME for a"
            " model on a server",
            ("--model",),
            "M",
            config="model",
        ),
        Argument(
            "text_model",
            "model",
            "what embeds texts",
            ("--text-model",),
            "M",
            default="what --model says",
            config="text_model",
        ),
        Argument(
            "image_model",
            "model",
            "what embeds pictures",
            ("--image-model",),
            "M",
            default="what --model says",
            config="image_model",
        ),
        Argument(
            "page_model",
            "model",
            "what embeds the pages of PDFs",
            ("--page-model",),
            "M",
            default="none, they are found by their text",
            config="page_model",
        ),
        Argument(
            "audio_model",
            "model",
            "what embeds sound",
            ("--audio-model",),
            "M",
            default="what --model says",
        ),
        BASE_URL,
        KEY_ENV,
        Argument(
            "transcribe",
            "model",
            "a speech model that writes down what is said in recordings; none ends it",
            ("--transcribe",),
            "M",
            default="the collection's own, or none",
        ),
        Argument(
            "precision",
            "choice",
            "how precise the numbers of vectors are kept: in four, two or one byte each",
            ("--precision",),
            "WHAT",
            choices=("float32", "float16", "int8"),
            default="as before, or float32",
        ),
        Argument(
            "dim",
            "count",
            "keep the first so many numbers of each vector, of a model that was trained for it",
            ("--dim",),
            "N",
            default="as before, or all",
        ),
        Argument(
            "recall",
            "share",
            "which share of the true neighbours an index of many vectors has to find; 1 for all",
            ("--recall",),
            "SHARE",
            default="as before, or 0.95",
        ),
        Argument(
            "password_env",
            "new",
            "environment variable that holds the password of encrypted PDFs",
            ("--password-env",),
            "NAME",
        ),
        Argument(
            "prune",
            "flag",
            "remove items that the source has lost, although most are gone",
            ("--prune",),
        ),
        Argument(
            "keep_missing", "flag", "keep items that the source has lost", ("--keep-missing",)
        ),
        Argument("reembed", "flag", "embed everything again, with another model", ("--reembed",)),
        Argument(
            "engine",
            "new",
            "what embeds: local, ray (a Ray cluster, or this machine alone), ray://HOST:PORT",
            ("--engine",),
            "WHERE",
            default="local",
        ),
        Argument(
            "on_error",
            "choice",
            "list what cannot be loaded, or stop at the first",
            ("--on-error",),
            "WHAT",
            choices=("report", "raise"),
            default="report",
        ),
    ),
    examples=(
        Example(
            "%mmrag load products --image photo --text name,description --id sku",
            "a dataframe, by the name of its variable",
        ),
        Example(
            "%mmrag load ./photos --as photos", "a folder of pictures, sound, texts or documents"
        ),
        Example(
            "%mmrag load reviews --into products --on sku --text body",
            "rows that each say something of an item: reviews of products",
        ),
        Example("%mmrag load products --model clip", "an embedder that you made: clip = ..."),
    ),
    notes=(
        "It is kept in .mmrag/NAME beside the notebook; after a restart, --in NAME finds it.",
        "Done again, a load embeds only what is new or changed, and removes what is gone.",
        "An interrupted load keeps what it has committed; the same command goes on from there.",
        "What cannot be read is left out and listed by %mmrag problems.",
        "With --store lancedb:///shared/folder a team finds it by %mmrag open and that address.",
        "SOURCE may be reached by names, attributes and [...]: data.products, frames['may'].",
    ),
)

QUERY = Command(
    "query",
    "Find the items nearest to a text, pictures or other items.",
    handlers.query,
    arguments=(
        Argument(
            "text",
            "words",
            "what to look for; several words need no quotes",
            metavar="TEXT",
            many=True,
        ),
        Argument("k", "count", "how many hits", ("-k",), "N", config="k"),
        Argument(
            "image",
            "picture",
            "a picture to be like: a path, a URL, or a value such as"
            " products.loc[3].photo; may be given again",
            ("--image",),
            "IMG",
            many=True,
        ),
        Argument(
            "audio",
            "recording",
            "a recording to be like: a path, a URL, or a value; may be given again",
            ("--audio",),
            "SOUND",
            many=True,
        ),
        Argument(
            "like", "id", "an item to be like; may be given again", ("--like",), "ID", many=True
        ),
        Argument(
            "not",
            "avoid",
            "words or a picture to avoid; may be given again",
            ("--not",),
            "TEXT_OR_IMG",
            many=True,
        ),
        Argument(
            "where",
            "where",
            "only items for which this holds, as in pandas' query or SQL",
            ("--where",),
            "EXPR",
        ),
        collection_option("the collection to search"),
        MODALITY,
        WEIGHTS,
        Argument(
            "rerank",
            "model",
            "a model that reads the best texts and pages again and orders them",
            ("--rerank",),
            "M",
            default="none",
        ),
        Argument(
            "exact",
            "flag",
            "compare all vectors, also where an index finds nearly all of the nearest",
            ("--exact",),
        ),
        VIEW,
        Argument("out", "variable", "also keep the hits in this variable", ("--out",), "NAME"),
        Argument(
            "expand",
            "flag",
            "fill in {expressions} and $names, in the text and in --where",
            ("--expand",),
        ),
    ),
    examples=(
        Example(
            "hits = %mmrag query fresh orange juice --where \"country == 'Spain'\" -k 12",
            "text, and a condition on the columns",
        ),
        Example("%mmrag query --image ./mine.jpg --in photos", "a picture"),
        Example(
            "%mmrag query yellow fruit --not banana --image products.loc[3].photo",
            "words and a picture together, and something to avoid",
        ),
        Example(
            "%%mmrag query -k 5 --out similar\na longer text, with {braces} and $dollars",
            "the cell as the text, just as it is",
        ),
    ),
    notes=(
        "The result is a list: hits[0], hits.ids, hits.to_pandas(). Each hit tells why it is one.",
        "--where takes == != < > in like between, is null, and or not, and `names with spaces`.",
        "It computes too: + - * / and round(price), abs(change), length(title), lower(brand).",
    ),
    body="text",
)
