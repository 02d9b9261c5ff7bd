"""A named set of items in one folder: load into it, query it, look at it, delete from it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Unpack

from mmrag_jupyter import ingest, sources
from mmrag_jupyter.holding import Holding
from mmrag_jupyter.ingest import arguments
from mmrag_jupyter.ingest.complete import complete
from mmrag_jupyter.search import build, engine, roots
from mmrag_jupyter.search.asked import asked
from mmrag_jupyter.search.hits import Hits
from mmrag_jupyter.search.terms import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mmrag_jupyter.ingest import LoadReport
    from mmrag_jupyter.ingest.arguments import LoadArguments
    from mmrag_jupyter.search.terms import ImageLike


class Collection(Holding):
    """Items that are searched together, kept in one folder on disk.

    Made by `mm.load` and `mm.open`. What is loaded is on disk when a load returns; there is
    nothing to save before the kernel stops.
    """

    @ingest.stoppable()
    def load(self, source: object, **options: Unpack[LoadArguments]) -> LoadReport:
        """Bring the collection up to date with a source: embed what is new or changed.

        Parameters
        ----------
        source
            A dataframe (pandas, polars), an Arrow table, a `datasets.Dataset`, a path or a
            list of paths, or LlamaIndex nodes.
        text, image
            The columns with texts and with pictures; guessed, and said, where not named.
        id
            The column that names the items; otherwise the dataframe's index.
        key
            What identifies the source over time; loading the same key again is an update.
        root
            The folder that relative picture paths start from.
        model, text_model, image_model, audio_model
            A name, a folder, an embedder, a `SentenceTransformer` or a LlamaIndex embedding.
        prune, keep_missing
            Remove items although most are gone from the source; or remove none.
        reembed
            Embed the whole collection again with another model.
        on_error, progress
            "report" lists what cannot be loaded, "raise" stops at the first; show how far it is.

        Raises
        ------
        SourceError
            The source cannot be read as asked, is empty, or has lost most of its items.
        ModelError
            A model cannot be had, or is not the one that the collection has.
        StoreBusyError
            Another process is loading into the collection.
        LoadStoppedError
            Interrupted; what was committed is kept.
        """
        arguments.check(options)
        root = options.get("root")
        read = sources.read(
            source,
            key=options.get("key"),
            text=options.get("text"),
            image=options.get("image"),
            id=options.get("id"),
            root=root,
        )
        if not read.ids and not self._store.ids(read.key):
            raise arguments.nothing_in(read)
        plan = self._spaces.plan(
            arguments.model_choice(options, self._config),
            read.modalities,
            long_text=arguments.has_long_text(read),
            reembed=options.get("reembed", False),
        )
        reporter = self._reporter() if options.get("progress", True) else ingest.SilentReporter()
        with self._store.writer() as writer:
            serving = self._spaces.serve(writer, plan)
            if root is not None:
                roots.remember(self._store, writer, root)
            writer.add_source(read.key, read.label, read.columns)
            again = complete(self._store, writer, serving, reporter)
            report = ingest.load(
                read,
                self._store,
                writer,
                embedders=serving,
                options=arguments.load_options(options),
                reporter=reporter,
            )
            for space in self._spaces.unused():
                writer.drop_space(space)
        notices = [plan.notice, *self._take_notices()]
        self.last_load = replace(report.with_more(again, notices), collection=self.name)
        return self.last_load

    def query(
        self,
        text: str | None = None,
        *,
        image: ImageLike | Sequence[ImageLike] | None = None,
        like: str | Sequence[str] | None = None,
        exclude: str | ImageLike | Sequence[str | ImageLike] | None = None,
        k: int | None = None,
        where: str | None = None,
        modality: str | Iterable[str] | None = None,
        weights: Mapping[str, float] | None = None,
        view: str | None = None,
    ) -> Hits:
        """Find the items nearest to a text, pictures or other items.

        Parameters
        ----------
        text
            What to look for, in words.
        image
            Pictures to be like: a path, an address, bytes, or a PIL image; one or several.
        like
            Ids of items in this collection to be like.
        exclude
            What the results should not be like: words (a `str`) or pictures (a `Path`, bytes
            or a PIL image). It counts against a hit, and removes none.
        k
            How many hits at most.
        where
            Only items for which this holds, as in pandas' `query` or SQL:
            `"price < 50 and brand == 'Acme'"`.
        modality
            Only parts of these modalities: "text", "image", ...
        weights
            How much each signal counts, 1 where not named: `{"text": 2, "lexical": 0.5}`.
        view
            "gallery", "table", "list" or "auto".

        Raises
        ------
        QueryError
            The query is empty or cannot be understood (`WhereError` for the condition).
        NotFoundError
            An item of `like` is not in the collection.
        """
        k = self._config.k if k is None else k
        query = asked(self._store, text, image, like, exclude, k, where, modality, weights)
        found = engine.run(query, self._store, self._spaces.serving())
        hits, items = build.build(found, self._store)
        return Hits(
            tuple(hits),
            title=f"{self.name}: {query.describe()}",
            terms=words(query.text),
            notices=self._take_notices(),
            options=self._options(view),
            _items=items,
        )
