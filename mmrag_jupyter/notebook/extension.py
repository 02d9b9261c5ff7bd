"""The one place that touches the shell: `%load_ext` puts things there, `%unload_ext` takes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from mmrag_jupyter.default import default_session
from mmrag_jupyter.notebook import map_display
from mmrag_jupyter.notebook.comm import Comms
from mmrag_jupyter.notebook.completer import make_matcher
from mmrag_jupyter.notebook.magics import Mmrag
from mmrag_jupyter.notebook.progress import Progresses
from mmrag_jupyter.notebook.questions import Question
from mmrag_jupyter.widgets.loads import Loads

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.completer import MatcherAPIv2
    from IPython.core.interactiveshell import InteractiveShell

    from mmrag_jupyter.ingest import Reporter


@dataclass(frozen=True, slots=True, eq=False)
class _Installed:
    magics: Mmrag
    matcher: MatcherAPIv2
    progresses: Progresses
    loads: Loads
    comms: Comms
    reporter_before: Callable[[], Reporter]


_installed: WeakKeyDictionary[InteractiveShell, _Installed] = WeakKeyDictionary()


def register(shell: InteractiveShell) -> None:
    """Add the magics, their settings, completion and progress to a shell.

    Done again, it replaces what it did before. The collections are those of the Python API,
    and stay open.
    """
    unregister(shell)
    session = default_session()
    magics = Mmrag(shell, session)
    progresses, loads = Progresses(shell), Loads()
    comms = Comms(shell, session, magics, loads)
    installed = _Installed(
        magics, make_matcher(shell, session), progresses, loads, comms, session.reporter
    )
    shell.register_magics(magics)
    shell.Completer.custom_matchers.append(installed.matcher)
    shell.input_transformer_manager.token_transformers.append(Question)
    for ended in (progresses.end_all, loads.stop_all, comms.cell_ended):
        shell.events.register("post_run_cell", ended)
    session.reporter = lambda: loads.watched("", progresses.new())
    comms.register()
    map_display.register(shell)
    _installed[shell] = installed


def unregister(shell: InteractiveShell) -> None:
    """Take everything back that `register` added; what others added since stays."""
    installed = _installed.pop(shell, None)
    if installed is None:
        return
    default_session().reporter = installed.reporter_before
    installed.comms.unregister()
    map_display.unregister(shell)
    for ended in (
        installed.progresses.end_all,
        installed.loads.stop_all,
        installed.comms.cell_ended,
    ):
        shell.events.unregister("post_run_cell", ended)
    shell.Completer.custom_matchers.remove(installed.matcher)
    shell.input_transformer_manager.token_transformers.remove(Question)
    ours = id(installed.magics)
    shell.configurables[:] = [one for one in shell.configurables if id(one) != ours]
    manager = shell.magics_manager
    manager.registry.pop(type(installed.magics).__name__, None)
    for kind in ("line", "cell"):
        if getattr(manager.magics[kind].get("mmrag"), "__self__", None) is installed.magics:
            del manager.magics[kind]["mmrag"]
