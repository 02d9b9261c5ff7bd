"""Questions from a table of judgements: a row says how relevant an item is for a query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from mmrag_jupyter.display.values import missing
from mmrag_jupyter.errors import QueryError, a_kind
from mmrag_jupyter.evaluation.cells import Cells, name_of
from mmrag_jupyter.evaluation.columns import captioned, named, roles
from mmrag_jupyter.evaluation.pairs import from_rows
from mmrag_jupyter.evaluation.questions import Judgements, Question, counted, some
from mmrag_jupyter.naming import shortened
from mmrag_jupyter.sources.frames import as_table
from mmrag_jupyter.sources.plain import as_text, id_of
from mmrag_jupyter.sources.tabular import read_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmrag_jupyter.evaluation.columns import Given, Roles
    from mmrag_jupyter.items import Media
    from mmrag_jupyter.sources.frames import Table
    from mmrag_jupyter.store import Store

_TABLES = (".csv", ".tsv", ".parquet", ".jsonl", ".ndjson")
_WORDS = {"true": 1.0, "false": 0.0}
SEVERAL = "(several)"


def read(source: object, given: Given, store: Store, by: str | None) -> Judgements:
    """Return the questions in a table, a file of one, or a mapping of mappings.

    Parameters
    ----------
    source
        A dataframe of any library, the path of a .csv, .tsv, .parquet or .jsonl, or the
        relevance by id for each query text.
    by
        The column whose values slice the questions, where the table has it.

    Raises
    ------
    QueryError
        It is no such thing, is empty, lacks a column, or grades with something that is no
        number.
    SourceError
        The file cannot be read.
    """
    if isinstance(source, Mapping):
        return _of_mapping(source)
    table, folders = _table(source, given)
    if not table.count:
        raise QueryError(f"{table.told[:1].upper()}{table.told[1:]} of judgements is empty.")
    found = roles(table, given, store)
    reading = _Reading(
        table, found, Cells("picture", store, folders), Cells("recording", store, folders)
    )
    columns = named(table)
    reading.read(columns[by].values(0, table.count) if by in columns else None)
    notices = (found.said, *reading.notices())
    return Judgements(reading.questions(), table.told, notices, tuple(columns))


def read_pairs(source: object, given: Given, store: Store) -> Judgements:
    """Return the questions in a table whose rows have a caption and a picture or a recording.

    Raises
    ------
    QueryError
        It is no table, or lacks a column.
    NotFoundError
        The collection has none of the pictures and recordings.
    """
    table, folders = _table(source, given)
    captions, *kinds = captioned(table, given, store)
    values = captions.values(0, table.count)
    texts = ["" if missing(one) else as_text(one) for one in values]
    readers = (Cells("picture", store, folders), Cells("recording", store, folders))
    told, pairs = [f"query = {captions.column.name!r}"], []
    for role, column, reader in zip(("image", "audio"), kinds, readers, strict=True):
        if column is not None:
            told.append(f"{role} = {column.column.name!r}")
            cells = column.cells(0, table.count)
            media = [reader.read(cells[row], row) for row in range(table.count)]
            pairs.append((reader.kind, list(zip(texts, media, strict=True))))
    missed = [line for reader in readers for line in reader.notices()]
    try:
        found = from_rows(pairs, table.told, store)
    except QueryError as error:
        # What is not there is why no row has both.
        raise QueryError(" ".join([str(error), *missed])) from None
    return replace(found, notices=(f"Columns: {', '.join(told)}.", *found.notices, *missed))


def _table(source: object, given: Given) -> tuple[Table, tuple[Path, ...]]:
    if isinstance(source, str | Path):
        path = Path(source).expanduser()
        if path.suffix.lower() not in _TABLES:
            raise QueryError(
                f"{str(source)!r} is no table of judgements; give a dataframe, or a file that"
                f" ends in {', '.join(_TABLES)}."
            )
        return read_table(path, given.id)[0], (path.absolute().parent,)
    table = as_table(source)
    if table is None:
        raise QueryError(
            f"{a_kind(source, capital=True)} is no table of judgements; give a dataframe with"
            " columns such as query, id and relevance."
        )
    return table, ()


def _of_mapping(source: Mapping[object, object]) -> Judgements:
    questions = []
    for text, judged in source.items():
        if not isinstance(judged, Mapping):
            raise QueryError(
                f"The judgements of {shortened(text)!r} are {a_kind(judged)}; give the relevance"
                " of each id."
            )
        grades = {id_of([one]): _grade(value, f"{one!r}") for one, value in judged.items()}
        known = {one: grade for one, grade in grades.items() if grade is not None}
        questions.append(Question(str(text), shortened(text), known, text=str(text)))
    return Judgements(tuple(one for one in questions if one.text.strip()), "the mapping")


@dataclass(slots=True)
class _Asked:
    """A question in the making."""

    text: str
    images: tuple[Media, ...]
    sounds: tuple[Media, ...]
    judged: dict[str, float] = field(default_factory=dict)
    slices: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Reading:
    """Reads a table row by row, and counts what is wrong in it."""

    table: Table
    roles: Roles
    pictures: Cells
    recordings: Cells
    asked: dict[str, _Asked] = field(default_factory=dict)
    empty: list[str] = field(default_factory=list)
    nameless: int = 0
    ungraded: int = 0
    twice: int = 0
    contradicted: list[str] = field(default_factory=list)

    def read(self, slices: Sequence[object] | None) -> None:
        count, own = self.table.count, self.roles
        nothing: Sequence[object] = [None] * count
        texts = own.query.values(0, count) if own.query else nothing
        pictures = own.image.cells(0, count) if own.image else nothing
        recordings = own.audio.cells(0, count) if own.audio else nothing
        keys = own.query_id.values(0, count) if own.query_id else nothing
        grades = own.relevance.values(0, count) if own.relevance else [1.0] * count
        items = own.id.values(0, count)
        for row in range(count):
            text = "" if missing(texts[row]) else as_text(texts[row])
            image = self.pictures.read(pictures[row], row)
            sound = self.recordings.read(recordings[row], row)
            media = [one for one in (image, sound) if one is not None]
            if not text.strip() and not media:
                self.empty.append(f"row {row + 1}")
                continue
            key = id_of([keys[row]]) or "\n".join(filter(None, [text, *map(name_of, media)]))
            images, sounds = (image,) if image else (), (sound,) if sound else ()
            one = self.asked.setdefault(key, _Asked(text, images, sounds))
            if slices is not None:
                one.slices.add("(none)" if missing(slices[row]) else as_text(slices[row]))
            self._judge(one, key, id_of([items[row]]), grades[row], row)

    def _judge(self, one: _Asked, key: str, item: str, value: object, row: int) -> None:
        grade = _grade(value, f"row {row + 1}")
        if not item:
            self.nameless += 1
        elif grade is None:
            self.ungraded += 1
        else:
            if item in one.judged:
                self.twice += 1
                if one.judged[item] != grade:
                    self.contradicted.append(f"{item} for {one.text or key}")
            one.judged[item] = grade

    def questions(self) -> tuple[Question, ...]:
        return tuple(
            Question(
                key,
                shortened(one.text or str((one.images or one.sounds)[0]).rpartition("/")[2]),
                one.judged,
                text=one.text,
                images=one.images,
                sounds=one.sounds,
                slice=(next(iter(one.slices)) if len(one.slices) == 1 else SEVERAL)
                if one.slices
                else "",
            )
            for key, one in self.asked.items()
        )

    def notices(self) -> tuple[str, ...]:
        rows = [
            (len(self.empty), f"asking nothing left out: {some(self.empty)}"),
            (self.nameless, "naming no item left out"),
            (self.ungraded, "without a relevance left out, as if not judged"),
            (self.twice, "judging a pair again; the last one counts"),
            (len(self.contradicted), f"saying otherwise than before: {some(self.contradicted)}"),
        ]
        told = [f"{counted(count, 'row')} {line}." for count, line in rows if count]
        return (*self.pictures.notices(), *self.recordings.notices(), *told)


def _grade(value: object, where: str) -> float | None:
    """Return a relevance as a number, None where it is missing."""
    if missing(value):
        return None
    text = str(value).strip().casefold()
    if text in _WORDS:
        return _WORDS[text]
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not isfinite(number):
        raise QueryError(
            f"The relevance of {where} is {shortened(value)!r}; give numbers, 0 for not relevant."
        )
    return number
