"""Pictures and recordings as queries, read from the cells of a table of judgements."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mmrag_jupyter.display.values import missing
from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.evaluation.questions import counted, some
from mmrag_jupyter.items import Media
from mmrag_jupyter.search.roots import located
from mmrag_jupyter.sources.cells import media_of
from mmrag_jupyter.sources.images import media_digest
from mmrag_jupyter.sources.recordings import recording_of

if TYPE_CHECKING:
    from mmrag_jupyter.store import Store


@dataclass(slots=True)
class Cells:
    """Finds the media that cells mean, each only once, and knows those that are not there.

    Parameters
    ----------
    folders
        Where relative paths start from; where the collection's own media were loaded from is
        looked at too.
    """

    kind: Literal["picture", "recording"]
    store: Store
    folders: tuple[Path, ...]
    _known: dict[str, Media | None] = field(default_factory=dict)
    _absent: list[str] = field(default_factory=list)

    def read(self, cell: object, row: int) -> Media | None:
        """Return what a cell means; None where it is empty, or where nothing is there."""
        if missing(cell) or (isinstance(cell, str) and not cell.strip()):
            return None
        name = str(cell) if isinstance(cell, str | Path) else ""
        if name in self._known:
            return self._known[name]
        read = media_of if self.kind == "picture" else recording_of
        try:
            found = read(cell, self.folders)
        except SourceError:
            tried = located(self.store, [Media(path=Path(name))] if name else [])
            found = next((one for one in tried if one.path and one.path.exists()), None)
        if found is None:
            self._absent.append(name or f"row {row + 1}")
        if name:
            self._known[name] = found
        return found

    def notices(self) -> tuple[str, ...]:
        """Return what has to be said of media that are not there."""
        if not self._absent:
            return ()
        return (f"{counted(len(self._absent), self.kind)} not to be found: {some(self._absent)}.",)


def name_of(media: Media) -> str:
    """Return what tells a medium from others: its path or address, else its content."""
    return str(media) if media.path or media.url else media_digest(media).hex()
