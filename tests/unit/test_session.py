"""What a session does when files, folders and names are not as they were."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest
from toys import ToyEmbedder, picture

import mmrag_jupyter as mm
from mmrag_jupyter.errors import ModelError, NotFoundError, SourceError, StoreError

WORDS = pd.DataFrame({"text": ["red shoe", "blue hat"]}, index=["x", "y"])
OTHERS = pd.DataFrame({"text": ["green sock", "grey boot", "blue hat"]}, index=["a", "b", "c"])


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def session(folder):  # noqa: ARG001 - it is the working folder
    return mm.Session()


def load(session, frame=WORDS, name="words", **options):
    return session.load(frame, name, text="text", model=ToyEmbedder(), **options)


def test_a_collection_stays_where_it_is_when_the_user_changes_folder(session, folder):
    words = load(session)
    (folder / "elsewhere").mkdir()
    os.chdir(folder / "elsewhere")
    assert words.query("hat").ids[0] == "y"
    assert load(session, OTHERS, prune=True).last_load.added == 3
    assert session.open("words").folder == folder / ".mmrag" / "words"
    assert list((folder / "elsewhere").iterdir()) == []


def test_folders_are_shown_from_where_the_user_works(session, folder):
    words = load(session)
    assert session.list()["folder"].tolist() == [".mmrag/words"]
    assert repr(words).endswith("in .mmrag/words>")
    (folder / "elsewhere").mkdir()
    os.chdir(folder / "elsewhere")
    assert session.list()["folder"].tolist() == [str(folder / ".mmrag" / "words")]


def test_hits_and_handles_go_on_after_opening_again(session):
    words = load(session)
    hits = words.query("hat")
    again = session.open("words", ToyEmbedder())
    assert "blue hat" in hits._repr_mimebundle_()["text/html"]
    assert hits.to_pandas().index[0] == "y"
    assert words.query("hat").ids == again.query("hat").ids
    assert session.collection("words") is again


def test_hits_of_a_closed_collection_still_show(session):
    words = load(session)
    hits = words.query("hat")
    words.close()
    assert "blue hat" in hits._repr_mimebundle_()["text/html"]
    assert repr(words) == "<Collection 'words': closed>"


def test_hits_of_a_closed_collection_tell_why_a_kept_picture_is_not_there(session):
    frame = pd.DataFrame({"photo": [picture("red")], "text": ["red"]})
    shop = session.load(frame, "shop", image="photo", text="text", model=ToyEmbedder())
    hits = shop.query(image=picture("red"))
    shop.close()
    assert "closed" in hits._repr_mimebundle_()["text/html"]
    with pytest.raises(StoreError, match="closed"):
        _ = hits[0].image


def test_opening_with_another_model_names_both_and_changes_nothing(session):
    words = load(session)
    with pytest.raises(ModelError, match=r"toy:1.*other:2.*--reembed"):
        session.open("words", ToyEmbedder("other:2"))
    assert session.collection("words") is words


def test_a_collection_replaced_by_another_process_is_not_compared_with(session):
    mine = load(session)
    other = mm.Session()
    other.drop("words")
    load(other, OTHERS)
    with pytest.raises(StoreError, match="deleted or replaced"):
        len(mine)
    with pytest.raises(StoreError, match="deleted or replaced"):
        mine.load(WORDS, text="text", key="table:words")
    report = load(session, prune=True).last_load
    assert (report.added, report.removed) == (2, 3)
    assert len(other.open("words")) == 2


def test_a_collection_dropped_by_another_process_can_be_made_again(session):
    load(session)
    mm.Session().drop("words")
    with pytest.raises(NotFoundError, match="No collection 'words'; there is none yet"):
        session.collection()
    assert load(session).last_load.added == 2


def test_a_misspelt_argument_is_refused(session):
    with pytest.raises(SourceError, match=r"no argument 'imag'\. Did you mean 'image'"):
        session.load(WORDS, "words", imag="text")
    with pytest.raises(SourceError, match=r"on_error is 'rise'"):
        session.load(WORDS, "words", on_error="rise")
    assert session.names() == []


@pytest.mark.parametrize("source", ["a\0b", "x" * 5000])
def test_an_impossible_path_is_refused(session, source):
    with pytest.raises(SourceError, match="is no path"):
        session.load(source)
    with pytest.raises(NotFoundError, match="No collection"):
        session.open(source)


@pytest.mark.parametrize("name", ["", "..", "a/b", "a\0", "x" * 300, 5])
def test_an_impossible_name_is_refused(session, name):
    with pytest.raises(StoreError, match="cannot name a collection"):
        load(session, name=name)
    assert session.names() == []


def test_a_report_names_the_collection_as_the_session_does(session, folder):
    load(session).save(folder / "copy")
    copy = session.open(folder / "copy", ToyEmbedder())
    assert copy.name == "copy"
    assert copy.load(OTHERS, text="text").collection == "copy"


def test_the_list_has_its_columns_in_order_whatever_cannot_be_opened(session, folder):
    load(session)
    assert list(session.list()) == ["name", "items", "parts", "models", "folder", "current"]
    (folder / ".mmrag" / "bad").mkdir()
    (folder / ".mmrag" / "bad" / "records.sqlite").write_bytes(b"junk")
    found = session.list().set_index("name")
    assert list(found) == ["items", "parts", "models", "folder", "problem", "current"]
    assert found.loc["words", "items"] == 2
    assert "damaged" in found.loc["bad", "problem"]


def test_what_is_open_from_elsewhere_opens_again_under_its_name(session, folder):
    load(session)
    other = mm.Session()
    elsewhere = load(other, OTHERS, store=folder / "elsewhere" / "words")
    assert elsewhere.name == "words"
    assert len(other.open(folder / "elsewhere" / "words")) == 3
    assert other.names() == ["words"]


def test_a_folder_that_nobody_may_look_into_hinders_no_other(session, monkeypatch):
    load(session)
    load(session, OTHERS, "others")
    is_file = Path.is_file

    def guarded(path):
        if path.parent.name == "others":
            raise PermissionError(13, "Permission denied", str(path))
        return is_file(path)

    monkeypatch.setattr(Path, "is_file", guarded)
    fresh = mm.Session()
    assert fresh.names() == ["others", "words"]
    assert fresh.open("words", ToyEmbedder()).query("hat").ids[0] == "y"


def test_models_are_listed_in_one_order(session, folder):
    picture("red").save(folder / "red.png")
    frame = pd.DataFrame({"photo": ["red.png"], "title": ["a red shoe"]})
    session.load(frame, "shop", model="builtin")
    assert session.list()["models"].tolist() == ["text: words alone, image: builtin:1"]
