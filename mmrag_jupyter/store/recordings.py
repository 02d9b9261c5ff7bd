"""Where the recording is that a part is a stretch of."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mmrag_jupyter.items import Media

if TYPE_CHECKING:
    from mmrag_jupyter.store.store import Store
    from mmrag_jupyter.store.values import PartRow


def recording(store: Store, row: PartRow) -> Media | None:
    """Return the recording of a stretch of sound, or of what was said in one; None without.

    One that is no file is kept whole with its first stretch, whose followers lie behind it.
    """
    if row.modality != "audio" and row.start is None:
        return None
    if row.path is not None and not row.path.startswith(("http://", "https://")):
        return Media(path=Path(row.path))
    if row.has_blob:
        return Media(data=store.blob(row.digest))
    before = [
        one
        for one in store.parts_of([row.item])
        if one.part <= row.part and one.has_blob and one.modality == "audio" and one.row == row.row
    ]
    if before:
        return Media(data=store.blob(before[-1].digest))
    return Media(url=row.path) if row.path is not None else None
