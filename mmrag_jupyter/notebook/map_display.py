"""How a map shows itself in a notebook: as a picture that stays, and as a widget to move in.

They are two outputs. With the widget's view among the forms of a single one, a saved notebook
would show "model not found" in place of the picture. The picture carries a style (display.chart)
that shows one of the two: the widget while it lives, else the picture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from mmrag_jupyter.exploring.map import Map

_MODULE, _NAME = "mmrag_jupyter.exploring.map", "Map"


def register(shell: InteractiveShell) -> None:
    """Let maps show themselves as widgets too, in a notebook; a terminal has none."""
    formatter = shell.display_formatter
    if formatter is not None and hasattr(shell, "kernel"):
        formatter.ipython_display_formatter.for_type_by_name(_MODULE, _NAME, show)


def unregister(shell: InteractiveShell) -> None:
    """Take that back."""
    formatter = shell.display_formatter
    if formatter is None:
        return
    known = formatter.ipython_display_formatter
    known.deferred_printers.pop((_MODULE, _NAME), None)
    for kind in [one for one, shown in known.type_printers.items() if shown is show]:
        known.type_printers.pop(kind)


def show(shown: Map) -> None:
    """Display a map."""
    from IPython.display import display

    display(shown._repr_mimebundle_(), raw=True)  # type: ignore[no-untyped-call]
    if not shown.has_widget:
        return
    import ipywidgets

    from mmrag_jupyter.display.chart import LIVE

    live = ipywidgets.VBox([shown.widget])
    live.add_class(LIVE)
    # Where no widget can be shown, an output has to say something: nothing, rather than its name.
    display({**live._repr_mimebundle_(), "text/html": "", "text/plain": ""}, raw=True)  # type: ignore[no-untyped-call]
