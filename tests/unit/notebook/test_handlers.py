from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from IPython.core.error import UsageError

from mmrag_jupyter.errors import NotFoundError, QueryError, StoreError
from mmrag_jupyter.notebook.namespace import Namespace
from mmrag_jupyter.notebook.parser import parse

FRAME = pd.DataFrame({"name": ["a"], "photo": [b"jpg"]})


@pytest.fixture
def run(session):
    def ran(line, body=None, **names):
        parsed = parse(line, body)
        return parsed.command.run(session, parsed.arguments, Namespace({}, names))

    return ran


def test_load_passes_on_the_variable_and_its_options(run, session):
    clip = object()
    said = run(
        "load products --text name, --image photo --id name --root pics --prune --keep-missing"
        " --reembed --on-error raise --model clip --text-model tiny --image-model clip"
        " --audio call,memo --audio-model clip --transcribe openai/whisper-base",
        products=FRAME,
        clip=clip,
    )
    [(source, name, options)] = session.loaded
    assert source is FRAME
    assert (name, said) == ("products", "loaded products")
    assert options == {
        "key": "table:products",
        "text": ["name"],
        "image": ["photo"],
        "audio": ["call", "memo"],
        "id": "name",
        "root": "pics",
        "prune": True,
        "keep_missing": True,
        "reembed": True,
        "on_error": "raise",
        "model": clip,
        "text_model": "tiny",
        "image_model": clip,
        "audio_model": clip,
        "transcribe": "openai/whisper-base",
    }


def test_load_leaves_out_what_was_not_said(run, session, tmp_path):
    run(f"load {tmp_path}")
    [(source, name, options)] = session.loaded
    assert (source, name) == (Path(tmp_path), None)
    assert options == {
        "text": None,
        "image": None,
        "audio": None,
        "id": None,
        "root": None,
        "prune": False,
        "keep_missing": False,
        "reembed": False,
        "on_error": "report",
    }


def test_load_passes_on_what_documents_need(run, session, tmp_path):
    eye = object()
    run(f"load {tmp_path} --page-model eye --password-env PDF_PASSWORD", eye=eye)
    [(_, _, options)] = session.loaded
    assert (options["page_model"], options["password_env"]) == (eye, "PDF_PASSWORD")


def test_load_names_the_collection_or_adds_to_it(run, session):
    run("load t --as shop", t=FRAME)
    run("load t --in photos", t=FRAME)
    assert [name for _, name, _ in session.loaded] == ["shop", "photos"]
    with pytest.raises(NotFoundError, match=r"Did you mean 'photos'\?"):
        run("load t --in photo", t=FRAME)
    with pytest.raises(UsageError, match="not both"):
        run("load t --in photos --as shop", t=FRAME)


def test_query_passes_on_everything_it_was_told(run, session):
    ranker = object()
    run(
        'query red shoes -k 3 --image pic --like A-1 --like B --not mud --not pic --where "p < 5"'
        " --modality text,image --weights text=2 --rerank ranker --view table --audio call --exact",
        pic=b"jpg",
        call=([0.0, 0.5], 16_000),
        ranker=ranker,
    )
    assert session.collections["products"].asked == [
        (
            "red shoes",
            {
                "image": [b"jpg"],
                "audio": [([0.0, 0.5], 16_000)],
                "like": ["A-1", "B"],
                "exclude": ["mud", b"jpg"],
                "k": 3,
                "where": "p < 5",
                "modality": ["text", "image"],
                "weights": {"text": 2.0},
                "rerank": ranker,
                "view": "table",
                "exact": True,
            },
        )
    ]


def test_query_asks_the_collection_named(run, session):
    run("query cat --in photos")
    assert session.collections["photos"].asked[0][0] == "cat"
    with pytest.raises(NotFoundError, match="No collection 'phtos'"):
        run("query cat --in phtos")


def test_braces_stay_unless_expansion_is_asked_for(run, session):
    asked = session.collections["products"].asked
    run("query {colour} $colour", colour="red")
    run("query {colour} $colour --expand --where 'p < {limit}'", colour="red", limit=5)
    run("query --expand", "raw {colour}", colour="red")
    assert [(text, options["where"]) for text, options in asked] == [
        ("{colour} $colour", None),
        ("red red", "p < 5"),
        ("raw red", None),
    ]
    with pytest.raises(QueryError, match="NameError"):
        run("query {shade} --expand")


def test_delete_wants_to_know_what(run, session):
    assert repr(run("delete A-1 A-2")) == "2 items deleted from collection 'products'."
    run('delete --where "price > 100"')
    assert session.collections["products"].asked == [
        (["A-1", "A-2"], None),
        (None, "price > 100"),
    ]
    with pytest.raises(UsageError, match="needs the ids of items, or --where"):
        run("delete")


def test_drop_tells_what_it_would_delete_and_waits_for_yes(run, session):
    with pytest.raises(UsageError, match="would delete collection 'products' with its 3 items"):
        run("drop products")
    with pytest.raises(NotFoundError, match="Did you mean 'products'"):
        run("drop product --yes")
    assert not session.dropped
    assert repr(run("drop products --yes")) == "Collection 'products' dropped."
    assert session.dropped == ["products"]


def test_drop_tells_why_it_cannot_count_what_would_go(run, session, monkeypatch):
    def refuse(_name):
        raise StoreError("it is of a newer version")

    monkeypatch.setattr(session, "collection", refuse)
    with pytest.raises(UsageError, match=r"cannot be opened now \(it is of a newer version\)"):
        run("drop products")


def test_the_others_call_the_session(run, session):
    model = object()
    assert run("show A-1") == "item A-1"
    assert run("info photos") == "info of photos"
    assert run("info") == "info of products"
    assert run("use photos") is session.collections["photos"]
    assert session.current == "photos"
    assert run("open folder/x --model m --repair", m=model) == ("opened", "folder/x", model, True)
    assert "find" in repr(run("help query")).lower()
    with pytest.raises(UsageError, match="Did you mean 'query'"):
        run("help qury")
