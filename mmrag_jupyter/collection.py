"""A named set of items in one folder: load into it, query it, look at it, delete from it."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Literal, Unpack, overload

from mmrag_jupyter import ingest, sources
from mmrag_jupyter.answers.arguments import answering, model_of
from mmrag_jupyter.answers.chat import Conversation
from mmrag_jupyter.ingest import arguments, passwords, recall, transcribing
from mmrag_jupyter.ingest.complete import complete
from mmrag_jupyter.ingest.joining import load_joined
from mmrag_jupyter.ingest.vectors import remarks
from mmrag_jupyter.search import build, roots
from mmrag_jupyter.search import rerank as reranking
from mmrag_jupyter.search.asked import asked
from mmrag_jupyter.search.explain import Explainer
from mmrag_jupyter.search.hits import Hits
from mmrag_jupyter.search.terms import words
from mmrag_jupyter.search.unanswered import unanswered
from mmrag_jupyter.studying import Studying

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from llama_index.core.chat_engine.types import BaseChatEngine

    from mmrag_jupyter.answers.answer import Answer
    from mmrag_jupyter.answers.arguments import AskOptions
    from mmrag_jupyter.answers.ask import AnswerStream
    from mmrag_jupyter.ingest import LoadReport
    from mmrag_jupyter.ingest.arguments import LoadArguments
    from mmrag_jupyter.models.language import LanguageModelLike
    from mmrag_jupyter.models.rerank import RerankerLike
    from mmrag_jupyter.search.terms import ImageLike, SoundLike


class Collection(Studying):
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
        text, image, audio
            The columns with texts, pictures and recordings; guessed, and said, where not named.
        id
            The column that names the items; otherwise the dataframe's index.
        on
            Join the rows of a table to the items that are there, by the column that both have
            ("sku"), or two of different names ("product=sku"): see docs/joined.md.
        called
            What to call a joined table; otherwise as its variable or file.
        key
            What identifies the source over time; loading the same key again is an update.
        root
            The folder that relative picture paths start from.
        transcribe
            A speech model (a name or a folder) that writes down what is said in recordings, and
            is remembered; "none" ends that.
        password_env
            The environment variable that holds the password of encrypted PDFs. Its name is
            kept, so that their pages show after a restart; what it holds never is.
        model, text_model, image_model, page_model, audio_model
            A name, a folder, an embedder, a `SentenceTransformer`, a LlamaIndex embedding, or
            `openai:NAME` for a model on a server.
        base_url, key_env
            That server's address, if it is not OpenAI's, and the environment variable with its
            key.
        prune, keep_missing
            Remove items although most are gone from the source; or remove none.
        precision
            How precise the numbers of new vectors are kept: "float32", "float16" or "int8", which
            take four, two and one byte each; the collection goes on so.
        dim
            Keep the first so many numbers of each vector, of a model that was trained for it
            (Matryoshka); the collection goes on so.
        recall
            Which share of the true neighbours an index has to find, 0.95 if nobody says; 1: all.
        reembed
            Embed the whole collection again with another model.
        engine
            What embeds: "local", this process; "ray", a Ray cluster (that of RAY_ADDRESS, or this
            machine alone); "ray://HOST:PORT". See docs/scaling.md.
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
        ClusterError
            The cluster cannot be used, or was lost; what was committed is kept.
        LoadStoppedError
            Interrupted; what was committed is kept.
        """
        arguments.check(options)
        if options.get("on") is not None:
            return self._load_joined(source, options)
        root = options.get("root")
        reporter = self._reporter() if options.get("progress", True) else ingest.SilentReporter()
        with ingest.finding(reporter) as tell:
            read = sources.read(
                source,
                key=options.get("key"),
                text=options.get("text"),
                image=options.get("image"),
                audio=options.get("audio"),
                id=options.get("id"),
                root=root,
                password_env=options.get("password_env"),
                tell=tell,
            )
        if not read.ids and not self._store.ids(read.key):
            raise arguments.nothing_in(read)
        heard = "audio" in read.modalities
        speech = transcribing.choose(self._store, options.get("transcribe")) if heard else None
        plan = self._spaces.plan(
            arguments.model_choice(options, self._config),
            read.modalities | ({"text"} if speech is not None else set()),
            long_text=arguments.has_long_text(read),
            reembed=options.get("reembed", False),
        )
        how = arguments.load_options(options, speech)
        with self._store.writer() as writer:
            serving = self._spaces.serve(writer, plan, read.key)
            if root is not None:
                roots.remember(self._store, writer, root)
            passwords.remember(self._store, writer, read.key, options.get("password_env"))
            if heard:
                transcribing.remember(writer, speech)
            recall.remember(self._store, writer, options.get("recall"))
            writer.add_source(read.key, read.label, read.columns)
            again = complete(self._store, writer, serving, reporter, how.cluster)
            self._spaces.change_over(writer, plan)
            report = ingest.load(
                read,
                self._store,
                writer,
                embedders=serving,
                options=how,
                reporter=reporter,
            )
        said = remarks(one for _, one in serving.values())
        return self._loaded(report.with_more(again, [plan.notice, *said, *self._take_notices()]))

    def _load_joined(self, source: object, options: LoadArguments) -> LoadReport:
        reporter = self._reporter() if options.get("progress", True) else ingest.SilentReporter()
        if (root := options.get("root")) is not None:
            with self._store.writer() as writer:
                roots.remember(self._store, writer, root)
        report = load_joined(
            source,
            self._store,
            self._spaces,
            config=self._config,
            options=options,
            reporter=reporter,
        )
        return self._loaded(report.with_more((), self._take_notices()))

    def _loaded(self, report: LoadReport) -> LoadReport:
        budget = self._config.output_bytes
        self.last_load = replace(report, collection=self.name, budget=budget)
        return self.last_load

    def query(
        self,
        text: str | None = None,
        *,
        image: ImageLike | Sequence[ImageLike] | None = None,
        audio: SoundLike | Sequence[SoundLike] | None = None,
        like: str | Sequence[str] | None = None,
        exclude: str | ImageLike | Sequence[str | ImageLike] | None = None,
        k: int | None = None,
        where: str | None = None,
        modality: str | Iterable[str] | None = None,
        weights: Mapping[str, float] | None = None,
        liked: str | Sequence[str] | None = None,
        disliked: str | Sequence[str] | None = None,
        rerank: RerankerLike = None,
        view: str | None = None,
        exact: bool = False,
    ) -> Hits:
        """Find the items nearest to a text, pictures, recordings or other items.

        Parameters
        ----------
        text
            What to look for, in words.
        image
            Pictures to be like: a path, an address, bytes, or a PIL image; one or several.
        audio
            Recordings to be like: a path, an address, bytes, or samples with their rate,
            `(array, 16000)`; one or several.
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
        liked, disliked
            Ids of items that were good or bad hits: the query moves towards the ones and away
            from the others.
        rerank
            A model that reads the best texts and pages again, with the query, and orders them:
            a name, a folder or a `CrossEncoder`.
        view
            "gallery", "table", "list" or "auto".
        exact
            Compare all vectors, also of a collection so large that an index finds nearly all
            of the nearest ones.

        Raises
        ------
        QueryError
            The query is empty or cannot be understood (`WhereError` for the condition).
        NotFoundError
            An item of `like`, `liked` or `disliked` is not in the collection.
        ModelError
            A model cannot be had.
        """
        k = self._config.k if k is None else k
        query = asked(
            self._store, text, image, like, exclude, k, where, modality, weights, liked, disliked,
            audio, exact=exact,
        )  # fmt: skip
        serving = self._spaces.serving()
        found = reranking.search(query, self._store, serving, rerank)
        hits, items = build.build(found, self._store)
        told = () if hits else unanswered(query, self._store, serving)
        self._explainer = Explainer(query, serving, self._store, self._options(None))
        return Hits(
            self._explainer.explaining(hits),
            title=f"{self.name}: {query.describe()}",
            terms=words(query.text),
            notices=(*self._take_notices(), *told),
            options=self._options(view),
            _collection=self.name,
            _items=items,
            _ranked=partial(build.ranked_parts, found, self._store),
            _page_texts=partial(build.page_texts, found, self._store),
        )

    @overload
    def ask(
        self, question: str, *, stream: Literal[False] = False, **options: Unpack[AskOptions]
    ) -> Answer: ...
    @overload
    def ask(
        self, question: str, *, stream: Literal[True], **options: Unpack[AskOptions]
    ) -> AnswerStream: ...
    def ask(
        self, question: str, *, stream: bool = False, **options: Unpack[AskOptions]
    ) -> Answer | AnswerStream:
        """Answer a question from what the collection holds, and cite it.

        Without a language model the answer is made of quotes: the best sentences, rows and
        pictures as they stand, with nothing added.

        Parameters
        ----------
        llm
            What writes the answer: `hf:NAME_OR_FOLDER` for a model that runs here,
            `openai:NAME` for one on a server, a LlamaIndex `LLM`, or "none".
        base_url, key_env
            The server's address, if it is not OpenAI's, and the environment variable with
            its key.
        stream
            Return the answer in the making: iterate over its text, then take its `answer`.
        strict
            Say "not in the collection" rather than answer on weak support.
        fresh
            Write again what was written before for the same question and sources.
        k, image, audio, like, exclude, where, modality, weights, liked, disliked, rerank
            What to retrieve, as in `query`.

        Raises
        ------
        QueryError
            The question is empty, or an option cannot be understood.
        ModelError
            The language model cannot be had, or failed before it wrote a word.
        """
        made = answering(self, self._config, question, options)
        return made if stream else made.answer

    def chat(
        self,
        question: str,
        *,
        stream: bool = False,
        new: bool = False,
        **options: Unpack[AskOptions],
    ) -> Answer | AnswerStream:
        """Answer a question as `ask` does, with what was said before in mind.

        A follow-up is made a whole question first, by the language model or, without one,
        with the words of the question before; `new` starts over.
        """
        if new:
            self.conversation.clear()
        made = answering(self, self._config, question, options, self.conversation)
        return made if stream else made.answer

    @cached_property
    def conversation(self) -> Conversation:
        """What was said in `chat` so far, for as long as the collection is open."""
        return Conversation()

    def as_chat_engine(
        self,
        llm: LanguageModelLike = None,
        **options: Any,  # noqa: ANN401
    ) -> BaseChatEngine:
        """Return a LlamaIndex chat engine over this collection.

        Parameters
        ----------
        llm
            As `ask` takes it; without it, the one of the settings.
        options
            `chat_mode` and those of LlamaIndex's engine.
        """
        model = model_of({"llm": llm}, self._config)
        return self.index.as_chat_engine(llm=model.llm if model else None, **options)
