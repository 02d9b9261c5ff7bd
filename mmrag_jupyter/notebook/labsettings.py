"""Settings made in JupyterLab, which hold in a notebook as far as it has made none itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from traitlets import TraitError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from IPython.core.interactiveshell import InteractiveShell

    from mmrag_jupyter.notebook.magics import Mmrag

_NAMES = ("view", "output_bytes", "thumbnail")


class LabSettings:
    """Hands settings of the front end to `%config Mmrag`, where they can be seen and changed.

    What `%config`, a configuration file or the user's own code has set stays as it is.
    """

    def __init__(self, shell: InteractiveShell, magics: Mmrag) -> None:
        self._shell = shell
        self._magics = magics
        self._first = {name: magics.trait_defaults(name) for name in _NAMES}
        self._taken: dict[str, object] = {}

    def take(self, settings: Mapping[str, object]) -> list[str]:
        """Set what may be set; return the names of the settings that the notebook has otherwise."""
        kept = []
        for name in _NAMES:
            if name not in settings:
                continue
            if self._is_own(name):
                if getattr(self._magics, name) != settings[name]:
                    kept.append(name)
                continue
            try:
                setattr(self._magics, name, settings[name])
            except TraitError:
                continue
            self._taken[name] = getattr(self._magics, name)
        return kept

    def take_back(self) -> None:
        """Undo what `take` has set, as far as it is still so."""
        for name in self._taken:
            if not self._is_own(name):
                setattr(self._magics, name, self._first[name])
        self._taken.clear()

    def _is_own(self, name: str) -> bool:
        made = (self._magics.config.get("Mmrag", {}), self._shell.config.get("Mmrag", {}))
        value = getattr(self._magics, name)
        others = {self._first[name], self._taken.get(name)}
        return any(name in each for each in made) or value not in others
