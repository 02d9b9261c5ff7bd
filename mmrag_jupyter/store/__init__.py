"""What a collection keeps on disk: records in SQLite, vectors in files, indexes as caches."""

from mmrag_jupyter.store import tuned
from mmrag_jupyter.store.axes import text_column
from mmrag_jupyter.store.facets import Facet, Values
from mmrag_jupyter.store.joined import JoinedRow, JoinedSource
from mmrag_jupyter.store.llama_spaces import UNFINISHED, is_nameless
from mmrag_jupyter.store.selection import Selection
from mmrag_jupyter.store.snapshot import Snapshot
from mmrag_jupyter.store.store import Store
from mmrag_jupyter.store.tokens_search import Question
from mmrag_jupyter.store.values import (
    ItemRow,
    Known,
    PartRow,
    ProblemRow,
    SourceRow,
    Space,
)
from mmrag_jupyter.store.writer import Writer

__all__ = [
    "UNFINISHED",
    "Facet",
    "ItemRow",
    "JoinedRow",
    "JoinedSource",
    "Known",
    "PartRow",
    "ProblemRow",
    "Question",
    "Selection",
    "Snapshot",
    "SourceRow",
    "Space",
    "Store",
    "Values",
    "Writer",
    "is_nameless",
    "text_column",
    "tuned",
]
