"""Why an item is recommended, in a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmrag_jupyter.search.phrases import phrases, rarity, shared_phrase
from mmrag_jupyter.search.query import LEXICAL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mmrag_jupyter.search.fusion import Fused
    from mmrag_jupyter.search.phrases import Phrase
    from mmrag_jupyter.store import PartRow, Store

_NOUNS = {"image": "picture", "text": "text", "page": "page", "audio": "sound"}
_MOST = 2


def reasons(
    best: Sequence[Fused],
    nearest: Mapping[str, Mapping[int, int]],
    names: Mapping[int, str],
    store: Store,
) -> dict[int, str]:
    """Return for each item the things that spoke most for it.

    Parameters
    ----------
    nearest
        For each signal and item, the judged item that spoke most for it.
    names
        The ids of the judged items.
    """
    rows = [row for row in store.parts_of([*{one.item for one in best} | names.keys()]) if row.text]
    rare = rarity([row.text for row in rows])
    texts: dict[int, list[PartRow]] = {}
    for row in rows:
        texts.setdefault(row.item, []).append(row)
    labels = _labels(rows, store)
    # Once each: an item may have thousands of joined rows.
    said: dict[int, frozenset[Phrase]] = {}
    told = {}
    for one in best:
        spoke = sorted((c for c in one.contributions if c.points > 0), key=lambda c: -c.points)
        lines = []
        for signal in (contribution.signal for contribution in spoke[:_MOST]):
            by = nearest[signal][one.item]
            if signal == LEXICAL:
                if by not in said:
                    said[by] = phrases(row.text for row in texts.get(by, ()))
                number, phrase = _shared(texts.get(one.item, ()), said[by], rare)
                who = f"{labels[number]} mention" if number in labels else "mentions"
                lines.append(
                    f"{who} “{phrase}” as {names[by]} does" if phrase else f"words of {names[by]}"
                )
            else:
                lines.append(f"similar {_NOUNS.get(signal, signal)} to {names[by]}")
        told[one.item] = "; ".join(lines)
    return told


def _labels(rows: Sequence[PartRow], store: Store) -> dict[int, str]:
    """Return for each joined row what its table is called, "reviews" say."""
    labels = store.joins.labels()
    if not labels:
        return {}
    sources = store.joins.sources_of(sorted({row.row for row in rows if row.row}))
    return {row: labels[key] for row, key in sources.items() if key in labels}


def _shared(
    own: Sequence[PartRow], theirs: frozenset[Phrase], rare: Mapping[str, float]
) -> tuple[int, str]:
    """Return the rarest phrase that an item has with another one, and the joined row it is in."""
    found = [(row.row, shared_phrase(row.text, theirs, rare)) for row in own]
    return max(
        found,
        key=lambda one: sum(rare.get(word, 0.0) for word in one[1].split()),
        default=(0, ""),
    )
