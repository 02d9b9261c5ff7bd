"""The command of `%mmrag` that opens the search panel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmrag_jupyter.notebook.grammar import Argument, Command, Example
from mmrag_jupyter.notebook.main_commands import collection_option

if TYPE_CHECKING:
    from mmrag_jupyter.notebook.grammar import Arguments
    from mmrag_jupyter.notebook.namespace import Namespace
    from mmrag_jupyter.session import Session
    from mmrag_jupyter.widgets.panel import Panel


def panel(session: Session, given: Arguments, _names: Namespace) -> Panel:
    """Open a search panel of a collection."""
    collection = session.collection(given.text("in"))
    return collection.panel(given.text("text") or "", loads=session.loads)


PANEL = Command(
    "panel",
    "Open a panel to search in: words, pictures, filters; the next cells use what it shows.",
    panel,
    arguments=(
        Argument("text", "words", "what to look for first", metavar="TEXT", many=True),
        collection_option("the collection to search"),
    ),
    examples=(
        Example("%mmrag panel red shoes --in products", "searching for something at once"),
        Example("panel = %mmrag panel", "keeps it; write `panel` in the next line to show it"),
    ),
    notes=(
        "panel.hits is what it shows, panel.selection what is selected in it.",
        "Both are like the result of a query: panel.selection.to_pandas() is a dataframe.",
        "Opening another panel of the same collection closes the one before.",
    ),
)
