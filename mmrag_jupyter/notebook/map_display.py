"""How a map shows itself in a notebook: as a picture that stays, and as a widget to move in.

They are two outputs. With the widget's view among the forms of a single one, a saved notebook
would show "model not found" in place of the picture. While the widget is there, it hides the
picture by a style of its own, which goes where the widget goes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from mmrag_jupyter.exploring.map import Map

_MODULE, _NAME = "mmrag_jupyter.exploring.map", "Map"

# The widget that carries this style stands in the same output area as the picture. Notes and
# title, which the widget does not have, stay.
_HIDE = (
    "<style>.jp-OutputArea:has(.mmrag-map-live) .mmrag-map-still "
    "{ display: none !important }</style>"
)


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

    live = ipywidgets.HTML(_HIDE, layout=ipywidgets.Layout(height="0", margin="0"))
    live.add_class("mmrag-map-live")
    display(ipywidgets.VBox([live, shown.widget]))  # type: ignore[no-untyped-call]
