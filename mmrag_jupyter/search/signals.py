"""The signals of a query: a ranking of words, and one of each modality of each space."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from mmrag_jupyter.models.late import is_late
from mmrag_jupyter.search.adapters import adapters_of, learnt_vector
from mmrag_jupyter.search.feedback import (
    LIKED_WORDS,
    LIKED_WORDS_WEIGHT,
    NOBODY,
    telling_words,
)
from mmrag_jupyter.search.fusion import Signal, fuse
from mmrag_jupyter.search.late import TokenQuery, token_query
from mmrag_jupyter.search.query import LEARNT, LEXICAL
from mmrag_jupyter.search.remembered import Remembered
from mmrag_jupyter.search.vectors import SpaceQuery, mean_direction, query_vector

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mmrag_jupyter.items import Modality
    from mmrag_jupyter.models.spaces import AnyEmbedder
    from mmrag_jupyter.search.adapters import Adapter, Adapters
    from mmrag_jupyter.search.feedback import Judged
    from mmrag_jupyter.search.query import Query
    from mmrag_jupyter.search.vectors import Vector
    from mmrag_jupyter.store import PartRow, Selection, Store

# How many of the best text hits lend their pictures to a search for pictures without text.
BRIDGE_HITS = 3
# A long item to be like would become a query of thousands of words; the first ones tell.
LIKE_CHARACTERS = 1000
WRITTEN: frozenset[Modality] = frozenset({"text", "page"})

Serving: TypeAlias = "Mapping[Modality, tuple[int, AnyEmbedder]]"


class Ranker:
    """Embeds a query once and ranks the collection's parts by it, to any depth.

    Parameters
    ----------
    serving
        The space and the embedder of each modality; those of the others have none.
    like
        The parts of the items to be like.
    base
        Parts outside it are not ranked, whatever the query says.
    judged
        The parts of the items that the user has found good or bad.
    adapters
        What was learnt about queries; None means what the collection was tuned with.
    """

    def __init__(
        self,
        query: Query,
        store: Store,
        serving: Serving,
        like: Sequence[PartRow],
        base: Selection | None = None,
        *,
        judged: Judged = NOBODY,
        adapters: Adapters | None = None,
    ) -> None:
        self._judged = judged
        self._query = query
        self._store = store
        self._like = like
        self._selections: dict[tuple[frozenset[Modality] | None, bool], Selection | None] = {}
        self._present: frozenset[Modality] = frozenset(
            modality for modality, count in store.part_counts().items() if count
        )
        self._allowed = frozenset(
            modality
            for modality in self._present
            if not query.modality or modality in query.modality
        )
        # A wrong condition is told before a model is loaded for nothing.
        where = store.select(where=query.where)
        self._where = where if base is None else base.and_also(where)
        parts = [row.part for row in like]
        self._serving = {
            modality: found for modality, found in serving.items() if modality in self._present
        }
        self._readers = serving
        self._adapters = adapters_of(store, serving) if adapters is None else adapters
        self._vectors = self._asked(parts)

    def signals(self, depth: int) -> list[Signal]:
        """Return the query's signals, each of at most `depth` parts."""
        lexical = self._lexical(depth)
        dense = self._dense(depth)
        signals = [*lexical, *dense] if self._reads() else dense
        written = [*lexical, *(s for s in dense if s.name in WRITTEN)]
        if self._needs_bridge("image"):
            signals += self._bridge("image", written, depth)
        if self._needs_bridge("audio"):
            signals += self._bridge("audio", written, depth)
        return signals

    def _reads(self) -> bool:
        """Tell whether words count: recordings have theirs in what is said in them."""
        return bool(self._allowed & WRITTEN) or self._is_heard_only()

    def _is_heard_only(self) -> bool:
        """Tell whether only recordings were asked for, where some text may be said in them."""
        asked_for = "audio" in self._allowed and not self._allowed & WRITTEN
        return asked_for and "text" in self._present

    def _within(
        self, modality: frozenset[Modality] | None, *, without_text: bool = False
    ) -> Selection | None:
        key = (modality, without_text)
        if key not in self._selections:
            # The condition looks at every item: it is asked once.
            found = self._store.select(modality=modality, without_text=without_text)
            self._selections[key] = found if self._where is None else self._where.and_also(found)
        return self._selections[key]

    @property
    def total(self) -> int:
        """How many items the condition leaves."""
        matched = self._where.matched() if self._where is not None else None
        return len(self._store) if matched is None else matched

    def _asked(self, like: Sequence[int]) -> dict[Modality, SpaceQuery | TokenQuery | None]:
        """Return what each modality is searched with; a space's own vector is made once."""
        made: dict[tuple[int, Adapter | None], SpaceQuery | TokenQuery | None] = {}
        asked: dict[Modality, SpaceQuery | TokenQuery | None] = {}
        readers: dict[int, AnyEmbedder] = {}
        for modality, (space, embedder) in self._serving.items():
            adapter = self._adapters.get(modality)
            if adapter is not None and (adapter.is_learnt or is_late(embedder)):
                adapter = None
            if adapter is not None and not is_late(embedder):
                # The other modalities of this space take the text as the model reads it.
                readers.setdefault(space, Remembered(embedder))
            if (space, adapter) not in made:
                reader = readers.get(space, embedder)
                made[space, adapter] = self._asked_of(space, reader, like, adapter)
            asked[modality] = made[space, adapter]
        return asked

    def _asked_of(
        self,
        space: int,
        embedder: AnyEmbedder,
        like: Sequence[int],
        adapter: Adapter | None = None,
    ) -> SpaceQuery | TokenQuery | None:
        query, store, judged = self._query, self._store, self._judged
        if is_late(embedder):
            return token_query(query, embedder, store, space, like, judged=judged)
        return query_vector(query, embedder, store, space, like, judged=judged, adapter=adapter)

    def _weight(self, name: str) -> float:
        return self._query.weights.get(name, 1.0)

    def _lexical(self, depth: int) -> list[Signal]:
        if not self._present & WRITTEN:
            return []
        # Where sound alone is asked for, only what is said in an item to be like is a part of it.
        heard = self._is_heard_only()
        like = [row for row in self._like if row.start is not None] if heard else self._like
        wanted = "\n".join([self._query.text, *(row.text for row in like)])
        most = max(LIKE_CHARACTERS, len(self._query.text))
        if len(wanted) > most:
            # Of forty reviews of an item to be like, what most of them say counts, not the first.
            own = [row.text for row in like if not row.row]
            wanted = "\n".join([self._query.text, *own])[:most]
            said = telling_words([row.text for row in like if row.row], wanted)
            wanted += f"\n{said}" if said else ""
        avoided = "\n".join(self._query.avoid_text)
        signals = []
        for text, avoid in ((wanted, False), (avoided, True)):
            if text.strip():
                unfinished = self._query.unfinished and not (avoid or self._like)
                parts, scores = self._by_words(text, depth, unfinished=unfinished)
                signals.append(Signal(LEXICAL, parts, scores, self._weight(LEXICAL), avoid))
        return [*signals, *self._liked_words(f"{wanted}\n{avoided}", depth)]

    def _liked_words(self, known: str, depth: int) -> list[Signal]:
        text = telling_words([row.text for row in self._judged.liked], known)
        if not text:
            return []
        weight = LIKED_WORDS_WEIGHT * self._weight(LEXICAL)
        return [Signal(LIKED_WORDS, *self._by_words(text, depth), weight)]

    def _by_words(
        self, text: str, depth: int, *, unfinished: bool = False
    ) -> tuple[list[int], list[float]]:
        """Rank parts by words, those of the best whole item first."""
        within = self._within(None)
        if self._is_heard_only():
            within = self._store.having("audio").and_also(within)
        elif self._allowed & WRITTEN == {"page"} and "text" in self._present:
            # Pages are found by the texts on them; other texts were not asked for.
            within = self._store.having("page").and_also(within)
        parts, scores = self._store.lexical(text, depth, within, unfinished=unfinished)
        found = list(zip(parts.tolist(), scores.tolist(), strict=True))
        item_of = self._store.items_of(parts.tolist())
        whole = self._store.whole_scores(text, sorted(set(item_of.values())), within)
        if whole:
            # The sort is stable: within an item, the best passage stays first.
            found.sort(key=lambda one: -whole.get(item_of.get(one[0], -1), 0.0))
        return [part for part, _ in found], [score for _, score in found]

    def _dense(self, depth: int) -> list[Signal]:
        signals = []
        # Within one space, texts lie closer to texts than pictures do (the modality gap), so
        # each modality is a ranking of its own.
        for modality, (space, _) in self._serving.items():
            found = self._vectors[modality]
            if found is None or modality not in self._allowed:
                continue
            within = self._within(None if self._is_alone(modality) else frozenset({modality}))
            signals.append(self._nearest(modality, space, found, depth, within=within))
        return signals

    def _is_alone(self, modality: Modality) -> bool:
        """Tell whether a space has parts of one modality only, so that none must be left out."""
        own = self._serving[modality][0]
        return all(space != own for other, (space, _) in self._serving.items() if other != modality)

    def _nearest(
        self,
        name: Modality,
        space: int,
        asked: SpaceQuery | TokenQuery,
        depth: int,
        *,
        within: Selection | None,
    ) -> Signal:
        if isinstance(asked, TokenQuery):
            parts, scores = self._store.tokens.nearest(
                space, asked.question, depth, within, exact=self._query.exact
            )
        else:
            ranked = self._store.nearest(
                space, asked.vector[None, :], depth, within, exact=self._query.exact
            )
            real = ranked[0][0] >= 0
            parts, scores = ranked[0][0][real], ranked[1][0][real]
        return Signal(name, parts.tolist(), scores.tolist(), self._weight(name), asked.avoid)

    def _needs_bridge(self, modality: Modality) -> bool:
        """Tell whether words can reach pictures, or sound, only through items that have both."""
        given = self._query.images if modality == "image" else self._query.sounds
        if not self._query.text.strip() or given or modality not in self._allowed:
            return False
        return modality in self._serving and "text" not in self._serving[modality][1].modalities

    def _bridge(self, modality: Modality, written: Sequence[Signal], depth: int) -> list[Signal]:
        """Rank pictures, or sound, by those of the items that words found, and by what was learnt.

        Beside a ranking of texts only pictures that no text describes take part: the others
        are found by their text, and their order there is better than that of look-alikes. Both
        directions are one signal, so that what has no text has no second vote. But what was learnt
        from items with texts, and tried on them, is a signal like any other.
        """
        lent = self._lent(modality, written)
        learnt = self._learnt(modality, beside=lent is not None)
        if learnt is not None and self._reads() and self._adapters[modality].beside_texts:
            signals = [self._seen(LEARNT, modality, learnt, depth, wordless=False)]
            if lent is not None:
                signals.append(self._seen(modality, modality, lent, depth, wordless=True))
            return signals
        name = modality if learnt is None else LEARNT
        if learnt is not None and lent is not None and self._weight(modality) > 0:
            shares = np.array([[self._weight(LEARNT)], [self._weight(modality)]], np.float32)
            lent = mean_direction(shares * np.stack([learnt, lent]))
        elif learnt is not None:
            lent = learnt
        if lent is None:
            return []
        return [self._seen(name, modality, lent, depth, wordless=self._reads())]

    def _seen(
        self, name: str, modality: Modality, vector: Vector, depth: int, *, wordless: bool
    ) -> Signal:
        """Rank pictures, or sound, by a direction: all, or those that no text describes."""
        within = self._within(frozenset({modality}), without_text=wordless)
        space, _ = self._serving[modality]
        found = self._nearest(modality, space, SpaceQuery(vector), depth, within=within)
        return replace(found, name=name, weight=self._weight(name), stands_in=wordless)

    def _lent(self, modality: Modality, written: Sequence[Signal]) -> Vector | None:
        """Return the direction of the pictures, or sound, of the items that the words found."""
        wanted = [signal for signal in written if not signal.avoid and signal.weight > 0]
        parts = sorted({part for signal in wanted for part in signal.parts})
        best = fuse(wanted, self._store.items_of(parts))[:BRIDGE_HITS]
        lenders = self._store.parts_of([hit.item for hit in best])
        lent = [row.part for row in lenders if row.modality == modality]
        space, _ = self._serving[modality]
        here = [part for part in lent if space in self._store.spaces_of(part)]
        return mean_direction(self._store.vectors(space, here)) if here else None

    def _learnt(self, modality: Modality, *, beside: bool) -> Vector | None:
        """Return the direction that was learnt of the query's words, if any."""
        adapter = self._adapters.get(modality)
        if adapter is None or not adapter.is_learnt or not self._weight(LEARNT) > 0:
            return None
        if beside and not adapter.joins:
            return None
        return learnt_vector(adapter, self._query.text, self._readers)
