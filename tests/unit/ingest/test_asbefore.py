"""A joined table that has not changed is known as a whole, and its rows are not looked at."""

from __future__ import annotations

import pandas as pd
import pytest
from toys import write_pictures

import mmrag_jupyter as mm
from mmrag_jupyter.errors import LoadStoppedError
from mmrag_jupyter.ingest import join as join_module
from mmrag_jupyter.ingest.run import Run


@pytest.fixture
def session(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return mm.Session(mm.Config(root=str(tmp_path / "collections")))


@pytest.fixture
def shop(session):
    items = pd.DataFrame({"sku": ["a1", "b2", "c3"], "title": ["shoe", "boot", "hat"]})
    return session.load(items, "shop", text="title", id="sku", model="builtin")


@pytest.fixture
def reviews():
    body = ["wide feet", "too narrow", "broke soon", "keeps dry"]
    return pd.DataFrame({"sku": ["a1", "b2", "a1", "x9"], "body": body, "stars": [5, 2, None, 4]})


@pytest.fixture
def looked(monkeypatch):
    """The tables whose rows were looked at."""
    seen = []

    class Counted(Run):
        def run(self):
            seen.append(self._source.label)
            return super().run()

    monkeypatch.setattr(join_module, "Run", Counted)
    return seen


def join(session, frame, **options):
    given = {"into": "shop", "on": "sku", "text": "body", **options}
    return session.load(frame, "reviews", **given).last_load


def test_a_table_that_is_as_it_was_is_not_looked_at(session, shop, reviews, looked):
    first = join(session, reviews)
    again = join(session, reviews.copy())
    assert looked == ["reviews"]
    assert (first.added, again.unchanged, again.added, again.updated) == (3, 3, 0, 0)
    assert again.notices == first.notices
    assert len(shop.joined("reviews")) == 3


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda frame: frame.assign(stars=[5, 3, None, 4]), (0, 1, 2, 0)),
        (lambda frame: frame.replace("too narrow", "just right"), (0, 1, 2, 0)),
        (lambda frame: frame.assign(sku=["a1", "c3", "a1", "x9"]), (0, 1, 2, 0)),
        (lambda frame: frame.assign(sku=["a1", "b2", "a1", "c3"]), (1, 0, 3, 0)),
        (lambda frame: frame.iloc[:2], (0, 0, 2, 1)),
        (lambda frame: frame.assign(likes=1), (0, 3, 0, 0)),
        (lambda frame: frame.set_axis([7, 1, 2, 3]), (1, 0, 2, 1)),
    ],
    ids=["a cell", "a text", "a key", "a key that had no item", "rows", "a column", "an id"],
)  # fmt: skip
@pytest.mark.usefixtures("shop")
def test_whatever_differs_is_found(session, reviews, looked, change, told):
    join(session, reviews)
    found = join(session, change(reviews))
    assert (found.added, found.updated, found.unchanged, found.removed) == told
    assert len(looked) == 2


@pytest.mark.usefixtures("shop")
def test_other_options_are_another_table(session, reviews, looked):
    join(session, reviews)
    assert join(session, reviews, text="body,stars").updated == 2
    assert len(looked) == 2


def test_what_was_deleted_since_then_comes_back(session, shop, reviews, looked):
    join(session, reviews)
    shop.delete(ids=["a1"])
    items = pd.DataFrame({"sku": ["a1", "b2", "c3"], "title": ["shoe", "boot", "hat"]})
    session.load(items, "shop", text="title", id="sku", model="builtin")
    assert join(session, reviews).added == 2
    assert len(looked) == 2
    assert [part.text for part in shop.show("a1")[0].parts] == ["shoe", "wide feet", "broke soon"]


def test_rows_that_something_else_has_taken_come_back(session, shop, reviews, looked):
    join(session, reviews)
    [key] = shop.store.joins.labels()
    item, row = shop.store.joins.links(key)[0]
    with shop.store.writer() as writer:
        writer.join([], {}, source=key, numbers=[], onto=[], dropped={item: {row}})
    assert len(shop.joined("reviews")) == 2
    assert join(session, reviews).added == 1
    assert len(looked) == 2


def test_a_load_that_was_stopped_leaves_no_mark(session, shop, reviews, looked, monkeypatch):
    join(session, reviews)
    other = reviews.assign(stars=[1, 1, 1, 1])

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(join_module._JoinedRows, "remove", stop)
        with pytest.raises(LoadStoppedError):
            join(session, other)
    # The rows have got the other stars, though what was loaded last as a whole is this table.
    assert join(session, reviews).updated == 3
    assert shop.joined("reviews")["stars"].tolist()[:2] == [5, 2]
    assert len(looked) == 3


@pytest.mark.usefixtures("shop")
def test_rows_that_were_kept_are_missed_again(session, reviews, looked):
    join(session, reviews)
    shorter = reviews.iloc[[0, 1]]
    assert join(session, shorter, keep_missing=True).kept == 1
    assert join(session, shorter).removed == 1
    assert len(looked) == 3


@pytest.mark.usefixtures("shop")
def test_a_table_with_pictures_is_always_looked_at(session, looked, tmp_path):
    photo = write_pictures(tmp_path / "views", ["red"]) / "red.png"
    views = pd.DataFrame({"sku": ["a1"], "photo": [str(photo)]})
    join(session, views, text="", image="photo")
    write_pictures(tmp_path / "other", ["blue"]).joinpath("blue.png").replace(photo)
    assert join(session, views, text="", image="photo").updated == 1
    assert len(looked) == 2
