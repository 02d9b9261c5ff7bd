"""The index of words: texts are folded into words, and ranked by BM25."""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from itertools import pairwise
from typing import TYPE_CHECKING

from mmrag_jupyter.store.schema import TEXTS
from mmrag_jupyter.store.text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable

# Scripts that put no spaces between words: each character counts as a word of its own.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\U00020000-\U0003ffff]"
)
_UNSPACED_RUN = re.compile(f"(?:{_UNSPACED.pattern})+")
# A text this long as a query says no more than its beginning, and costs a second.
_LONGEST_QUERY = 20_000
MOST_TERMS = 256

# English words that hold a sentence together and tell no text from another: articles,
# pronouns, prepositions, conjunctions, auxiliaries. A long text has many of them by its grammar
# and not by its subject. Words of number and degree (more, most, same, no) stay: they tell.
_FUNCTION_WORDS = frozenset(
    """
    a about after also an and are as at be because been before being between but by can
    could did do does doing during for from had has have having he her here hers him his how
    i if in into is it its itself me my of on or our ours shall she should so such that the
    their theirs them then there these they this those through to until us was we were what
    when where which while who whom whose why will with would you your yours
    """.split()  # noqa: SIM905 - to be read
)


def folded(text: str) -> str:
    """Return `text` as it is indexed: compatible forms made one (NFKC), scripts without spaces
    and words around a NUL taken apart. SQLite then folds case and accents.
    """  # noqa: D205
    text = text.replace("\0", " ")
    if text.isascii():
        return text
    return _UNSPACED.sub(r" \g<0> ", unicodedata.normalize("NFKC", text))


def match_expression(text: str, *, unfinished: bool = False) -> str:
    """Return the FTS5 expression for any of a text's words, or "" where it has none.

    Each word is quoted, so that nothing in the text is read as FTS5's own language. Words of
    scripts without spaces become overlapping pairs of characters. The last word of an
    `unfinished` text stands for all words that begin so.
    """
    terms = list(dict.fromkeys(term for word in telling(text) for term in _terms(word)))
    quoted = [f'"{term}"' for term in terms[:MOST_TERMS]]
    # The beginning of a word of one letter would find nearly everything.
    if unfinished and quoted and len(terms[-1]) > 1 and _is_word(text[-1]):
        quoted[-1] += " *"
    return " OR ".join(quoted)


def words(text: str) -> list[str]:
    """Return the distinct words of a text that its ranking goes by, as they are indexed."""
    apart = (one for word in telling(text) for one in _UNSPACED.sub(r" \g<0> ", word).split())
    return list(dict.fromkeys(apart))[:MOST_TERMS]


def is_function_word(word: str) -> bool:
    """Tell whether a word, in lower case, holds a sentence together and says nothing else."""
    return word in _FUNCTION_WORDS


def paired(text: str, *, singly: bool = True) -> str:
    """Return `text` folded to words apart: lower case, without accents, compatible forms one.

    Words of scripts without spaces become overlapping pairs of characters and, where `singly`,
    the characters too.
    """
    apart = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).lower())
    plain = "".join(char for char in apart if not unicodedata.combining(char))
    composed = unicodedata.normalize("NFC", plain)
    return _UNSPACED_RUN.sub(lambda run: f" {' '.join(_pairs(run[0], singly=singly))} ", composed)


def _pairs(run: str, *, singly: bool) -> Iterable[str]:
    if singly or len(run) == 1:
        yield from run
    yield from (f"{first}{second}" for first, second in pairwise(run))


def telling(text: str) -> list[str]:
    """Return a text's words without those that say nothing, unless it has no others."""
    normal = unicodedata.normalize("NFKC", clean(text[:_LONGEST_QUERY]))
    found = "".join(char if _is_word(char) else " " for char in normal).split()
    return [word for word in found if word.casefold() not in _FUNCTION_WORDS] or found


def add(db: sqlite3.Connection, texts: Iterable[tuple[int, str]]) -> None:
    """Index the texts of new parts, given with the parts' numbers."""
    db.executemany("INSERT INTO texts(rowid, text) VALUES (?, ?)", _folded(texts))


def remove(db: sqlite3.Connection, texts: Iterable[tuple[int, str]]) -> None:
    """Take texts out of the index; they must be exactly those that were added."""
    db.executemany("INSERT INTO texts(texts, rowid, text) VALUES ('delete', ?, ?)", _folded(texts))


def rebuild(db: sqlite3.Connection) -> None:
    """Make the index anew from the texts of all parts, whatever state it is in."""
    try:
        _rebuild(db)
    except sqlite3.DatabaseError:
        # Too broken for FTS5 itself to drop it.
        _drop_pieces(db)
        _rebuild(db)


def is_broken(db: sqlite3.Connection, error: sqlite3.DatabaseError) -> bool:
    """Tell whether `error` comes from the index of words alone, which can be made anew."""
    if error.sqlite_errorcode == sqlite3.SQLITE_CORRUPT_VTAB or "fts5" in str(error):
        return True
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_schema")}
    parts = {"texts", "texts_data", "texts_idx", "texts_docsize", "texts_config"}
    return not parts <= tables


def _rebuild(db: sqlite3.Connection) -> None:
    db.execute("BEGIN IMMEDIATE")
    try:
        db.execute("DROP TABLE IF EXISTS texts")
        for statement in TEXTS.split(";\n"):
            db.execute(statement)
        add(db, db.execute("SELECT part, text FROM parts WHERE text IS NOT NULL"))
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")


def _folded(texts: Iterable[tuple[int, str]]) -> Iterable[tuple[int, str]]:
    return (pair if pair[1].isascii() else (pair[0], folded(pair[1])) for pair in texts)


def _drop_pieces(db: sqlite3.Connection) -> None:
    """Drop the tables of an index that FTS5 itself cannot open any more."""
    db.execute("PRAGMA writable_schema = ON")
    db.execute("DELETE FROM sqlite_schema WHERE name = 'texts'")
    db.execute("PRAGMA writable_schema = RESET")
    for name in ("data", "idx", "docsize", "config"):
        db.execute(f"DROP TABLE IF EXISTS texts_{name}")


def _is_word(char: str) -> bool:
    category = unicodedata.category(char)
    return category[0] in "LNM" or category == "Co"


def _terms(word: str) -> Iterable[str]:
    for run in re.split(rf"((?:{_UNSPACED.pattern})+)", word):
        if not run:
            continue
        if len(run) == 1 or not _UNSPACED.match(run):
            yield run
        else:
            yield from (f"{first} {second}" for first, second in pairwise(run))
