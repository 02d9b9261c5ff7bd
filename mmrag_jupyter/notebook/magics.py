"""`%mmrag` and `%%mmrag`: reads the line, hands it to its command, and keeps the settings."""

from __future__ import annotations

import ast
import logging
import os
from typing import TYPE_CHECKING

from IPython.core.magic import (
    Magics,
    line_cell_magic,
    magics_class,
    needs_local_scope,
    no_var_expand,
)
from traitlets import Enum, Int, TraitError, Unicode, observe, validate
from traitlets.config import Config as TraitConfig

from mmrag_jupyter.config import Config
from mmrag_jupyter.notebook.commands import COMMANDS
from mmrag_jupyter.notebook.help import overview
from mmrag_jupyter.notebook.namespace import Namespace
from mmrag_jupyter.notebook.parser import parse

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.utils.bunch import Bunch

    from mmrag_jupyter.session import Session

_FIRST = Config()
_SETTINGS = (
    "k", "view", "model", "text_model", "image_model", "page_model", "llm", "base_url", "key_env",
    "root", "output_bytes", "thumbnail",
)  # fmt: skip


@magics_class
class Mmrag(Magics):
    """The magics; its class name is what `%config Mmrag` shows and sets.

    Parameters
    ----------
    shell
        The shell whose configuration and namespace they use.
    session
        The collections that they work on; its settings follow the traits.
    """

    k = Int(_FIRST.k, min=1, help="How many hits a query returns.").tag(config=True)
    view = Enum(("auto", "gallery", "table", "list"), _FIRST.view, help="How hits are shown.").tag(
        config=True
    )
    model = Unicode(_FIRST.model, help="The model of new collections.").tag(config=True)
    text_model = Unicode(
        _FIRST.text_model, allow_none=True, help="Their model for texts, if another."
    ).tag(config=True)
    image_model = Unicode(
        _FIRST.image_model, allow_none=True, help="Their model for pictures, if another."
    ).tag(config=True)
    page_model = Unicode(
        _FIRST.page_model, allow_none=True, help="Their model for pages, if another."
    ).tag(config=True)
    llm = Unicode(_FIRST.llm, allow_none=True, help="What writes answers; none quotes.").tag(
        config=True
    )
    base_url = Unicode(_FIRST.base_url, allow_none=True, help="Its server, if any.").tag(
        config=True
    )
    key_env = Unicode(
        _FIRST.key_env, allow_none=True, help="The environment variable with the server's key."
    ).tag(config=True)
    root = Unicode(_FIRST.root, help="The folder that holds the collections.").tag(config=True)
    output_bytes = Int(
        _FIRST.output_bytes, min=4096, help="What one result may add to the notebook, in bytes."
    ).tag(config=True)
    thumbnail = Int(
        _FIRST.thumbnail, min=16, max=1024, help="The longer side of its pictures, in pixels."
    ).tag(config=True)

    def __init__(self, shell: InteractiveShell, session: Session) -> None:
        self._session = session
        self._shell = shell
        # With an empty configuration first: a value that %config once rejected is still in
        # the shell's, and would make this constructor, and so every %reload_ext, fail.
        super().__init__(shell, config=TraitConfig())
        for name in _SETTINGS:
            setattr(self, name, getattr(session.config, name))
        for name, value in shell.config.get("Mmrag", {}).items():
            try:
                self.update_config(TraitConfig({"Mmrag": {name: value}}))
            except TraitError as error:
                kept = getattr(self, name)
                logging.getLogger(__name__).warning("%s Mmrag.%s stays %r.", error, name, kept)

    @line_cell_magic
    @no_var_expand
    @needs_local_scope
    def mmrag(  # noqa: D102 - %mmrag? shows the docstring, which comes from the command table
        self, line: str, cell: str | None = None, local_ns: dict[str, object] | None = None
    ) -> object:
        parsed = parse(line, cell)
        names = Namespace(local_ns or {}, self._shell.user_ns)
        result = parsed.command.run(self._session, parsed.arguments, names)
        out = parsed.arguments.text("out")
        if out is not None:
            self._shell.user_ns[out] = result
        # IPython's own @output_can_be_silenced reads the line as Python, and fails on texts.
        return None if parsed.silent and not _is_assigned(self._shell, line) else result

    mmrag.__doc__ = overview(COMMANDS)

    @validate("model", "text_model", "image_model", "page_model", "llm", "root")
    def _not_blank(self, proposal: Bunch) -> object:
        value = proposal.value
        if isinstance(value, str) and not value.strip():
            raise TraitError(f"Mmrag.{proposal.trait.name} is blank.")
        return os.path.expanduser(value) if proposal.trait.name == "root" else value  # noqa: PTH111

    @observe(*_SETTINGS)
    def _pass_on(self, change: Bunch) -> None:
        setattr(self._session.config, change.name, change.new)


def _is_assigned(shell: InteractiveShell, line: str) -> bool:
    """Return whether the running cell has `name = %mmrag line`, where `;` must hide nothing."""
    history = shell.history_manager
    try:
        cell = ast.parse(history.input_hist_parsed[-1] if history else "")
    except (SyntaxError, ValueError, IndexError):
        return False
    values = (node.value for node in ast.walk(cell) if isinstance(node, ast.Assign))
    calls = (value for value in values if isinstance(value, ast.Call))
    return any(
        isinstance(argument, ast.Constant) and argument.value == line
        for call in calls
        for argument in call.args[1:2]
    )
