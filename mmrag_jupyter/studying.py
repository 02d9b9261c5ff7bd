"""What is learnt from a collection as a whole: how well it answers, and how it lies together."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Unpack

from mmrag_jupyter.evaluation.evaluate import evaluate
from mmrag_jupyter.exploring.facets import facets_of
from mmrag_jupyter.exploring.shown import Shelf
from mmrag_jupyter.exploring.whole import Whole
from mmrag_jupyter.holding import Holding
from mmrag_jupyter.naming import shortened
from mmrag_jupyter.search import build
from mmrag_jupyter.search.asked import asked
from mmrag_jupyter.search.explain import Explainer
from mmrag_jupyter.search.hits import Hits
from mmrag_jupyter.search.recommend import recommend
from mmrag_jupyter.search.taste import taste_of
from mmrag_jupyter.search.terms import as_ids
from mmrag_jupyter.tuning import tune as tuning

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mmrag_jupyter.evaluation.arguments import EvaluateOptions
    from mmrag_jupyter.evaluation.result import Evaluation
    from mmrag_jupyter.exploring.clustered import Clusters
    from mmrag_jupyter.exploring.facets import Facets
    from mmrag_jupyter.exploring.groups import Groups
    from mmrag_jupyter.exploring.lonely import Outliers
    from mmrag_jupyter.exploring.map import Map
    from mmrag_jupyter.search.taste import RatingsLike
    from mmrag_jupyter.tuning.tune import TuneOptions
    from mmrag_jupyter.tuning.tuning import Tuning


class Studying(Holding):
    """A collection seen whole: measured, tuned, mapped; loading and asking come on top of it."""

    def evaluate(self, qrels: object = None, **options: Unpack[EvaluateOptions]) -> Evaluation:
        """Measure how well the collection answers what is known to be right.

        Parameters
        ----------
        qrels
            Judgements: a dataframe (or the path of a .csv, .tsv, .parquet or .jsonl) that says
            in each row how relevant an item is for a query, or `{query: {id: relevance}}`.
            Relevance above 0 is relevant.
        query, image, audio, id, relevance
            Its columns with the query's text, picture or recording, with the item and with the
            relevance; found by their names, and said, where not named.
        pairs
            Instead of judgements: texts and pictures, or recordings, that belong together, each of
            which should find the other. Those of each item or, where `qrels` is given, those of its
            rows, from the columns `query` (captions) and `image` or `audio`.
        feedback
            Instead of judgements: the thumbs that were given in panels.
        by
            A column of the judgements, or of the relevant items, to slice by.
        k
            How many hits the measures look at, 10 if not said.
        measures
            Their names; otherwise nDCG@k, recall@k, precision@k, MRR and MAP.
        compare
            What to set beside: weights ("text=2,lexical=0"), "rerank=NAME", "chance", or
            another collection of the same items; one or several.
        weights, rerank
            As in `query`.
        seed
            Draws the bootstrap's resamples.

        Raises
        ------
        QueryError
            The judgements, or an option, cannot be understood.
        NotFoundError
            None of the judged items is in the collection.
        ModelError
            A model cannot be had.
        """
        return evaluate(self, qrels, options, shown=self._options(None), reporter=self._reporter)

    def tune(
        self, qrels: object = None, *, undo: bool = False, **options: Unpack[TuneOptions]
    ) -> Tuning:
        """Learn from what is known to be right how queries are to be read, if that helps.

        A small linear map is learnt on the vectors as they are; it turns the vectors of queries
        by text, and nothing is embedded again. It is tried on queries and items that were held
        out, and applied only where the gain there is more than chance.

        Parameters
        ----------
        qrels
            Judgements, as `evaluate` takes them.
        feedback
            Instead of judgements: the thumbs that were given in panels.
        pairs
            Instead of judgements: the texts and pictures of the same items or, where `qrels` is
            given, of its rows.
        query, image, id, relevance
            Columns of the judgements, as `evaluate` takes them.
        force
            Apply it although it is no gain.
        undo
            Go back to the tuning before the last one, or to none.
        seed
            Draws what is held out, and the intervals.
        progress
            Show how far it is.

        Raises
        ------
        TuningError
            There are too few examples, nothing to be learnt from them, or nothing to undo.
        QueryError
            The judgements, or an option, cannot be understood.
        NotFoundError
            None of the judged items is in the collection.
        StoreBusyError
            Another process is loading into the collection.
        StoppedError
            Interrupted; the collection is as it was.
        """
        shown = self._options(None)
        if undo:
            return tuning.undo(self, shown=shown)
        return tuning.tune(self, qrels, options, shown=shown, reporter=self._reporter)

    def recommend(
        self,
        likes: str | Sequence[str] | None = None,
        dislikes: str | Sequence[str] | None = None,
        *,
        ratings: RatingsLike | None = None,
        k: int | None = None,
        where: str | None = None,
        modality: str | Iterable[str] | None = None,
        weights: Mapping[str, float] | None = None,
        diverse: float = 0.0,
        view: str | None = None,
    ) -> Hits:
        """Recommend items to somebody who likes some, with a reason for each.

        What was liked, disliked or rated is never recommended.

        Parameters
        ----------
        likes, dislikes
            Ids of items.
        ratings
            A user's ratings, by id: a mapping, a series, or a dataframe, or the path of a
            table, with a column of ids and one of ratings. Above the user's own mean is
            liked, below it disliked.
        k
            How many items at most.
        where
            Only items for which this holds: `"stock > 0"`.
        modality
            Only by parts of these modalities: "text", "image", ...
        weights
            How much each signal counts, 1 where not named: `{"image": 2, "lexical": 0.5}`.
        diverse
            From 0 (the best fits) to 1 (as different from each other as can be).
        view
            "gallery", "table", "list" or "auto".

        Raises
        ------
        NotFoundError
            A liked or disliked item is not in the collection.
        QueryError
            Nothing is liked, or an argument cannot be understood.
        """
        taste = taste_of(self._store, as_ids(likes), as_ids(dislikes), ratings)
        query = asked(
            self._store, None, None, list(taste.likes), None,
            self._config.k if k is None else k, where, modality, weights,
        )  # fmt: skip
        serving = self._spaces.serving()
        made = recommend(taste, self._store, serving, query, diverse)
        hits, items = build.build(made.found, self._store)
        numbers = self._store.find([hit.id for hit in hits])
        hits = [replace(hit, reason=made.reasons.get(numbers.get(hit.id, -1), "")) for hit in hits]
        explainer = Explainer(query, serving, self._store, self._options(None))
        return Hits(
            explainer.explaining(hits),
            title=f"{self.name}: recommended to one who likes {_named(list(taste.likes))}",
            notices=(*self._take_notices(), *taste.notices),
            options=self._options(view),
            _collection=self.name,
            _items=items,
        )

    def duplicates(
        self,
        *,
        modality: str | None = None,
        where: str | None = None,
        near: float | None = None,
        exact: bool = False,
    ) -> Groups:
        """Find items that are there twice or nearly so, in groups, the one to keep first.

        Parameters
        ----------
        modality
            Compare by "image", "text", ...; otherwise by the one that most items have.
        where
            Only items for which this holds.
        near
            From which similarity on (up to 1) two are near-duplicates; otherwise what suits
            the vectors, and is said.
        exact
            Only what has the same content.

        Raises
        ------
        QueryError
            There is nothing to compare, or an argument cannot be understood.
        StoppedError
            Interrupted.
        """
        return self._whole(modality, where).duplicates(near, exact=exact)

    def outliers(
        self,
        *,
        modality: str | None = None,
        where: str | None = None,
        k: int = 12,
        neighbours: int = 10,
    ) -> Outliers:
        """Find the `k` items farthest from their `neighbours` nearest ones.

        `modality` and `where` are as in `duplicates`, and so is what is raised.
        """
        return self._whole(modality, where).outliers(k, neighbours)

    def clusters(
        self, k: int | None = None, *, modality: str | None = None, where: str | None = None
    ) -> Clusters:
        """Put the items into `k` groups of their like, or as many as suit them, with names.

        `modality` and `where` are as in `duplicates`, and so is what is raised.
        """
        return self._whole(modality, where).clusters(k)

    def map(
        self,
        color: str | None = None,
        *,
        layout: str = "auto",
        modality: str | None = None,
        where: str | None = None,
        sample: int | None = None,
    ) -> Map:
        """Lay the items out in two dimensions, near to their like.

        Parameters
        ----------
        color
            The column to colour them by.
        layout
            "pca", "umap" (needs umap-learn), or "auto".
        sample
            At most so many items, drawn at random but always the same.
        modality, where
            As in `duplicates`, and so is what is raised.
        """
        return self._whole(modality, where).map(color, layout, sample)

    def facets(self, *, where: str | None = None) -> Facets:
        """Count the values and ranges of the columns, of those items for which `where` holds."""
        return facets_of(
            self._store,
            self.name,
            where=where,
            notices=self._take_notices(),
            budget=self._config.output_bytes,
        )

    def _whole(self, modality: str | None = None, where: str | None = None) -> Whole:
        shelf = Shelf(self._store, self.name, self._options(None))
        models, notices = self._spaces.remembered(), self._take_notices()
        return Whole(shelf, models, self._reporter, notices, modality, where)


def _named(ids: Sequence[str], most: int = 5) -> str:
    """Return some ids in a line, and how many others there are."""
    some = ", ".join(shortened(one, 40) for one in ids[:most])
    return some if len(ids) <= most else f"{some} and {len(ids) - most} more"
