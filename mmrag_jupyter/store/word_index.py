"""The index of words of a large collection, by tantivy: a cache beside FTS5, which is the truth.

FTS5 scores every row that has one of a query's words, and counts all rows of each. tantivy, which
ranks by the same BM25, does that in a small part of the time; and where a query has rare words
and common ones, only what has a rare one is scored, as far as no other could be among the best
(MaxScore: Turtle and Flood, "Query evaluation: strategies and optimizations", 1995).
"""

from __future__ import annotations

import json
import math
import secrets
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from mmrag_jupyter.store import lexical

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt

    Integers = npt.NDArray[np.int64]
    Ranked = tuple[Integers, npt.NDArray[np.float32]]

FOLDER = "words.tantivy"
STAMP = "parts.json"
_TEXT, _PART = "text", "part"
_ANALYZER = "words"
_HEAP_BYTES = 128 << 20
# Ends of a word that is still being typed: the most frequent ones.
_MOST_ENDS = 64
# A word adds less than (k1 + 1) times its rarity to the BM25 of a text, with k1 of 1.2.
_MOST_OF_A_WORD = 2.2
# To look up the other words of one text takes as long as to pass by so many in their lists.
_LOOK_UP = 10


class WordIndexError(Exception):
    """The index of words cannot be used; the message says why in some words."""


class WordIndex:
    """The index in the folder of a collection, opened; it covers the parts up to `covered`.

    Raises
    ------
    WordIndexError
        It is missing or damaged.
    """

    def __init__(self, folder: Path) -> None:
        self.covered = covered(folder)
        with _told():
            import tantivy

            self._schema = _schema()
            index = tantivy.Index.open(str(folder / FOLDER))
            index.config_reader("manual", 0)
            self._searcher: Any = index.searcher()

    def __len__(self) -> int:
        return int(self._searcher.num_docs)

    def search(
        self, words: Sequence[str], k: int, *, unfinished: bool = False, within: Integers | None
    ) -> Ranked:
        """Return at most k parts with one of these folded words, best first, and their scores.

        Parameters
        ----------
        unfinished
            Whether the last word stands for all words that begin so.
        within
            Only these parts.

        Raises
        ------
        WordIndexError
            It is damaged.
        """
        with _told():
            from tantivy import Occur, Query

            wanted = [Query.term_query(self._schema, _TEXT, word, "freq") for word in words]
            if unfinished and words:
                ends = self._ends(words[-1])
                wanted[-1] = Query.disjunction_max_query(ends) if ends else wanted[-1]
            query = Query.boolean_query([(Occur.Should, one) for one in wanted])
            if within is None and not unfinished:
                found = self._by_rare_words(words, k) or self._hits(query, k)
                return self._ranked(found)
            if within is not None:
                among = Query.term_set_query(self._schema, _PART, within.tolist())
                query = Query.boolean_query(
                    [(Occur.Must, query), (Occur.Must, Query.const_score_query(among, 0.0))]
                )
            return self._ranked(self._hits(query, k))

    def _hits(self, query: Any, k: int) -> list[tuple[float, Any]]:  # noqa: ANN401 - of tantivy
        hits: list[tuple[float, Any]] = self._searcher.search(query, k, count=False).hits
        return hits

    def _ranked(self, hits: Sequence[tuple[float, Any]]) -> Ranked:
        parts = self._searcher.fast_field_values(_PART, [place for _, place in hits])
        scores = np.fromiter((score for score, _ in hits), np.float32, len(hits))
        return np.fromiter(parts, np.int64, len(hits)), scores

    def _by_rare_words(self, words: Sequence[str], k: int) -> list[tuple[float, Any]] | None:
        """Return what the k best are that have one of the rare words, if no others are better.

        None where others could be, or where it takes no less time to score all.
        """
        from tantivy import Occur, Query

        counted = sorted((int(self._searcher.doc_freq(_TEXT, word)), word) for word in words)
        counted = [(count, word) for count, word in counted if count]
        split = _rare(counted, len(self), k)
        if not split:
            return None
        one, other = (
            [Query.term_query(self._schema, _TEXT, word, "freq") for _, word in some]
            for some in (counted[:split], counted[split:])
        )
        rare = Query.boolean_query([(Occur.Should, each) for each in one])
        query = [(Occur.Must, rare), *((Occur.Should, each) for each in other)]
        hits = self._hits(Query.boolean_query(query), k)
        rest = sum(_most(count, len(self)) for count, _ in counted[split:])
        return hits if len(hits) == k and hits[-1][0] > rest else None

    def _ends(self, word: str) -> list[Any]:
        from tantivy import Query

        ends = self._searcher.terms_with_prefix(_TEXT, word, limit=_MOST_ENDS)
        return [Query.term_query(self._schema, _TEXT, end, "freq") for end, _ in ends]


def _rare(counted: Sequence[tuple[int, str]], texts: int, k: int) -> int:
    """Return how many of a query's words, the rarest first, probably decide which k are best.

    0 where that would take no less time than to score each text that has any of the words.
    `counted` says in how many of all texts each word is.
    """
    everything = sum(count for count, _ in counted)
    for split in range(1, len(counted)):
        rare, others = counted[:split], counted[split:]
        if _LOOK_UP * len(others) * sum(count for count, _ in rare) > everything:
            return 0
        rest = sum(_most(count, texts) for count, _ in others)
        # Where a word is in some more texts than are wanted, the last of these has it about once.
        if any(count >= 4 * k and _rarity(count, texts) > rest for count, _ in rare):
            return split
    return 0


def _most(count: int, texts: int) -> float:
    """Return what a word that is in so many texts can add to the score of one at the most."""
    return _MOST_OF_A_WORD * _rarity(count, texts)


def _rarity(count: int, texts: int) -> float:
    """Return the weight of a word in BM25 as tantivy reckons it: its inverse document frequency."""
    return math.log1p((texts - count + 0.5) / (count + 0.5))


def covered(folder: Path) -> int:
    """Return the last part that the index has seen.

    Raises
    ------
    WordIndexError
        There is no index.
    """
    try:
        stamp = json.loads((folder / FOLDER / STAMP).read_text(encoding="utf-8"))
        return int(stamp["covered"])
    except FileNotFoundError as error:
        raise WordIndexError("is not there yet") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WordIndexError("was damaged") from error


def build(
    folder: Path, texts: Iterable[tuple[int, str]], last: int, told: Callable[[], None]
) -> None:
    """Write a new index of these parts' texts, in place of the one that is there.

    Parameters
    ----------
    last
        The last part that there is, with a text or without.
    told
        Is called now and then; what it raises ends it.

    Raises
    ------
    WordIndexError, OSError
        It cannot be written.
    """
    import tantivy

    draft = folder / f"{FOLDER}.{secrets.token_hex(8)}.new"
    try:
        draft.mkdir()
        with _told():
            _add(tantivy.Index(_schema(), path=str(draft)), texts, told)
        _stamp(draft, last)
        remove(folder)
        draft.rename(folder / FOLDER)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def extend(
    folder: Path, texts: Iterable[tuple[int, str]], last: int, told: Callable[[], None]
) -> None:
    """Add the texts of newer parts, in growing order, to the index that is there.

    Raises
    ------
    WordIndexError, OSError
        It is damaged, or cannot be written.
    """
    import tantivy

    with _told():
        index = tantivy.Index.open(str(folder / FOLDER))
        # A kill can come between a commit and its stamp.
        known = _last(index)
        _add(index, ((part, text) for part, text in texts if part > known), told)
    _stamp(folder / FOLDER, last)


def remove(folder: Path) -> None:
    """Delete the index of a collection, if there is one."""
    shutil.rmtree(folder / FOLDER, ignore_errors=True)


def terms(text: str) -> list[str]:
    """Return the words that a query looks for, folded as they are indexed."""
    folded = (lexical.paired(word, singly=False) for word in lexical.telling(text))
    found = (one for words in folded for one in words.split())
    return list(dict.fromkeys(found))[: lexical.MOST_TERMS]


def _add(index: Any, texts: Iterable[tuple[int, str]], told: Callable[[], None]) -> None:  # noqa: ANN401
    import tantivy

    analyzer = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    index.register_tokenizer(_ANALYZER, analyzer.filter(tantivy.Filter.lowercase()).build())
    writer = index.writer(_HEAP_BYTES, 1)
    try:
        for at, (part, text) in enumerate(texts):
            writer.add_document(tantivy.Document(text=_indexed(text), part=part))
            if not at % 4096:
                told()
        writer.commit()
        writer.wait_merging_threads()
    except BaseException:
        writer.rollback()
        raise


def _schema() -> Any:  # noqa: ANN401
    import tantivy

    builder = tantivy.SchemaBuilder()
    builder.add_text_field(_TEXT, tokenizer_name=_ANALYZER, index_option="freq")
    builder.add_integer_field(_PART, indexed=True, fast=True)
    return builder.build()


def _last(index: Any) -> int:  # noqa: ANN401
    import tantivy

    searcher = index.searcher()
    found = searcher.search(tantivy.Query.all_query(), 1, count=False, order_by_field=_PART).hits
    return int(found[0][0]) if found else 0


def _stamp(folder: Path, last: int) -> None:
    draft = folder / f"{STAMP}.new"
    draft.write_text(json.dumps({"covered": last}), encoding="utf-8")
    draft.replace(folder / STAMP)


def _indexed(text: str) -> str:
    """Fold a text as FTS5 does; of scripts without spaces, pairs of characters are words too."""
    return text if text.isascii() else lexical.paired(text)


@contextmanager
def _told() -> Iterator[None]:
    """Tell whatever is wrong with the files as one error.

    Raises
    ------
    WordIndexError
        They are damaged, or cannot be written.
    """
    try:
        yield
    except (ValueError, OSError) as error:
        raise WordIndexError(f"cannot be used ({str(error).splitlines()[0][:200]})") from error
    except BaseException as error:
        # What Rust panics with is no Exception; here it is a file that is not what it says.
        if type(error).__name__ != "PanicException":
            raise
        raise WordIndexError("was damaged") from error
