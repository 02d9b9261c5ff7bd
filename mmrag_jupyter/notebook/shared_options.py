"""Options that several commands of `%mmrag` have, each with one meaning."""

from __future__ import annotations

from typing import get_args

from mmrag_jupyter.items import Modality
from mmrag_jupyter.notebook.grammar import Argument
from mmrag_jupyter.search.query import SIGNALS

MODALITY = Argument(
    "modality",
    "choices",
    "only parts of these kinds, with commas between",
    ("--modality",),
    "KINDS",
    many=True,
    choices=get_args(Modality),
    default="all",
)

WEIGHTS = Argument(
    "weights",
    "weights",
    "how much each signal counts, such as text=2,image=1",
    ("--weights",),
    "WEIGHTS",
    many=True,
    choices=SIGNALS,
    default="1 each",
)

VIEW = Argument(
    "view",
    "choice",
    "how the hits are shown",
    ("--view",),
    "VIEW",
    choices=("auto", "gallery", "table", "list"),
    config="view",
)

# Models that write and models that embed may be on a server.
BASE_URL = Argument(
    "base_url",
    "words",
    "the server of an openai: model, such as http://localhost:11434/v1",
    ("--base-url",),
    "URL",
    default="OpenAI's own",
    config="base_url",
)

KEY_ENV = Argument(
    "key_env",
    "words",
    "the environment variable that holds the server's key",
    ("--key-env",),
    "NAME",
    default="OPENAI_API_KEY, for OpenAI's own server alone",
    config="key_env",
)

# Judgements are read alike, whether they measure or teach.
QUERY_COLUMN = Argument(
    "query",
    "column",
    "column of QRELS with the query's text, or, with --pairs, the caption",
    ("--query",),
    "COL",
    default="found by its name, and said",
)

ID_COLUMN = Argument(
    "id",
    "column",
    "column of QRELS with the item",
    ("--id",),
    "COL",
    default="found by its name or its values, and said",
)

RELEVANCE_COLUMN = Argument(
    "relevance",
    "column",
    "column of QRELS with the relevance; above 0 is relevant",
    ("--relevance",),
    "COL",
    default="found by its name, else all are relevant",
)
