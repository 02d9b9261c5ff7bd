"""Items are taken from a source chunk by chunk, and the next are hashed while the last embed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from toys import write_pictures

from mmrag_jupyter.ingest import reading
from mmrag_jupyter.ingest.documents import Documents
from mmrag_jupyter.ingest.reading import Reading
from mmrag_jupyter.ingest.recordings import Recordings
from mmrag_jupyter.items import Item, Media, Piece, Problem
from mmrag_jupyter.store import Store

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class Listed:
    """A source of pictures that are all one file."""

    photo: Path
    count: int
    taken: int = 0
    broken: tuple[int, ...] = ()
    key: str = "listed"

    def __iter__(self):
        for at in range(self.count):
            self.taken += 1
            if at in self.broken:
                yield Problem(str(at), "broken")
            yield Item(str(at), [Piece("image", media=Media(path=self.photo))])


@dataclass
class Eager:
    """An executor that does everything at once, and remembers for which items."""

    hashed: list[str] = field(default_factory=list)

    def map(self, work, items):
        self.hashed += [item.id for item in items]
        return map(work, items)


@pytest.fixture
def photo(tmp_path):
    return write_pictures(tmp_path / "photos", ["red"]) / "red.png"


@pytest.fixture
def store(tmp_path):
    with Store.create(tmp_path / "c", "c") as made:
        yield made


def begun(source, store):
    problems = []
    recordings = Recordings(store, None, lambda *_: None, None)
    documents = Documents(store, source.key, lambda *_: None, recordings)
    return Reading(source, store, documents, problems.append, lambda _number: True), problems


def ids(chunk):
    return [int(one.item.id) for one in chunk]


def test_the_next_chunk_is_hashed_while_one_is_embedded_and_no_more(store, photo, monkeypatch):
    monkeypatch.setattr(reading, "FIRST_CHUNK", 4)
    source, pool = Listed(photo, 14), Eager()
    found, _ = begun(source, store)
    chunks = found.chunks(pool)
    assert ids(next(chunks)) == [0, 1, 2, 3]
    assert len(pool.hashed) == 8
    assert source.taken <= 9
    assert [ids(chunk) for chunk in chunks] == [[4, 5, 6, 7], [8, 9, 10, 11], [12, 13]]


def test_chunks_grow_where_they_are_quick_and_shrink_where_they_are_slow(store, photo, monkeypatch):
    monkeypatch.setattr(reading, "FIRST_CHUNK", 4)
    monkeypatch.setattr(reading, "LARGEST_CHUNK", 8)
    found, _ = begun(Listed(photo, 60), store)
    sizes = []
    for chunk in found.chunks(Eager()):
        sizes.append(len(chunk))
        found.took(0.1 if len(sizes) < 4 else 1.0 if len(sizes) == 4 else 9.0)
    assert sizes == [4, 4, 8, 8, 8, 8, 4, 2, 2, 2, 2, 2, 2, 2, 2]


def test_a_chunk_has_no_more_than_so_many_pictures(store, photo, monkeypatch):
    monkeypatch.setattr(reading, "MOST_PICTURES", 5)
    found, _ = begun(Listed(photo, 12), store)
    assert [len(chunk) for chunk in found.chunks(Eager())] == [5, 5, 2]


def test_what_the_source_cannot_read_is_noted_and_the_rest_comes(store, photo):
    found, problems = begun(Listed(photo, 6, broken=(2, 5)), store)
    assert [ids(chunk) for chunk in found.chunks(Eager())] == [[0, 1, 2, 3, 4, 5]]
    assert [one.source for one in problems] == ["2", "5"]


def test_a_source_without_items_gives_no_chunk(store, photo):
    found, _ = begun(Listed(photo, 0), store)
    assert list(found.chunks(Eager())) == []
