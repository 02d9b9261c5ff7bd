"""Why a hit is one: the map on its picture, the words on its page and in its text."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from toys import ToyEmbedder
from toys_late import CELLS, ToyLate, checked_picture

import mmrag_jupyter as mm
from mmrag_jupyter.display.budget import bundle_bytes
from mmrag_jupyter.errors import NotFoundError, QueryError, SourceError

GREY = 128


@pytest.fixture
def session(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return mm.Session()


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    grey = ["grey"] * 16
    # One cell alone is red: the fourth of the second row.
    checked_picture([*grey[:7], "red"], size=(400, 200)).save(folder / "red.png")
    checked_picture([*grey[:2], "blue"], size=(100, 300)).save(folder / "blue.png")
    return folder


@pytest.fixture
def collection(session, pictures):
    return session.load(pictures, "pictures", model=ToyLate(), progress=False)


def changed_at(before, after):
    """Return the centre of what differs between two pictures, as fractions, by how much."""
    # Only what became pinker counts: the picture's own colours are muted.
    grey = np.asarray(before.convert("L"), float)[:, :, None]
    muted = grey + 0.3 * (np.asarray(before, float) - grey)
    gap = np.abs(np.asarray(after, float) - muted).sum(axis=2)
    rows, columns = np.indices(gap.shape)
    weight = gap**4
    return (
        float((columns * weight).sum() / weight.sum() / gap.shape[1]),
        float((rows * weight).sum() / weight.sum() / gap.shape[0]),
    )


def test_the_map_is_drawn_where_the_word_is_seen(collection):
    why = collection.query("red", k=1)[0].explain()
    assert why.id == "red.png"
    assert np.unravel_index(why.found.whole.argmax(), (CELLS, CELLS)) == (1, 3)
    assert why.image.size == why.picture.size == (400, 200)
    x, y = changed_at(why.picture, why.image)
    assert (x, y) == (pytest.approx(3.5 / 4, abs=0.1), pytest.approx(1.5 / 4, abs=0.1))


def test_each_word_has_a_picture_of_its_own_but_small_words(collection):
    why = collection.query("the red and the blue", k=2)[0].explain()
    assert list(why.maps) == ["red", "blue"]
    picture = why.maps["red" if why.id == "red.png" else "blue"]
    x, _ = changed_at(why.picture, picture)
    assert x == pytest.approx((3.5 if why.id == "red.png" else 2.5) / 4, abs=0.1)


def test_a_picture_as_the_query_is_explained_too(collection):
    red = Image.new("RGB", (50, 50), "red")
    hit = next(hit for hit in collection.query(image=red, k=2) if hit.id == "red.png")
    why = hit.explain()
    assert np.unravel_index(why.found.whole.argmax(), (CELLS, CELLS)) == (1, 3)
    assert why.maps == {}


def test_an_item_to_be_like_is_the_query_by_its_picture(collection, pictures):
    checked_picture(["red"] * 16).save(pictures / "full.png")
    collection.load(pictures, progress=False)
    hits = collection.query(like="full.png", k=2)
    why = hits[hits.ids.index("red.png")].explain()
    assert np.unravel_index(why.found.whole.argmax(), (CELLS, CELLS)) == (1, 3)


def test_it_shows_itself_within_the_budget(collection):
    why = collection.query("the red and the blue", k=1)[0].explain()
    bundle = why._repr_mimebundle_()
    html = bundle["text/html"]
    assert html.count("<img") == 3
    assert "word by word" in html
    assert bundle_bytes(bundle) <= 65536
    assert "red.png" in bundle["text/plain"]
    json.dumps(bundle)


def test_an_item_is_explained_against_the_last_query(collection):
    with pytest.raises(QueryError, match="Nothing was asked of 'pictures' yet"):
        collection.explain("red.png")
    collection.query("red", k=1)
    assert collection.explain("blue.png").found is not None
    with pytest.raises(NotFoundError):
        collection.explain("green.png")
    with pytest.raises(QueryError, match="does not come from a query"):
        collection.show("red.png")[0].explain()


@pytest.mark.usefixtures("collection")
def test_the_command_explains(session):
    from IPython.core.error import UsageError

    from mmrag_jupyter.notebook.namespace import Namespace
    from mmrag_jupyter.notebook.parser import parse

    def run(line):
        parsed = parse(line, None)
        return parsed.command.run(session, parsed.arguments, Namespace({}))

    run("query red -k 1")
    assert run("show red.png --why").found is not None
    with pytest.raises(UsageError, match="add --why"):
        run("show red.png --page 2")
    with pytest.raises(SourceError, match=r"red\.png has no page 2"):
        run("show red.png --why --page 2")


def test_a_model_that_compares_whole_pictures_says_so_in_one_line(session, pictures):
    made = session.load(pictures, "plain", model="builtin", progress=False)
    why = made.query(image=pictures / "red.png", k=1)[0].explain()
    assert why.found is None
    assert why.image is not None
    assert len(why.notices) == 1
    assert "compares pictures as a whole" in why.notices[0]
    assert why.notices[0] in why._repr_mimebundle_()["text/plain"]


def test_a_two_tower_model_explains_by_its_patches(session, pictures, tiny_siglip_folder):
    made = session.load(pictures, "siglip", model=tiny_siglip_folder, progress=False)
    why = made.query("a red square", k=1)[0].explain()
    assert why.notices == ()
    assert list(why.maps) == ["red", "square"]


def test_the_words_of_a_text_are_marked(session):
    frame = pd.DataFrame({"text": ["The <b>red</b> shoes", "green apples"]})
    made = session.load(frame, "texts", model=ToyEmbedder(), progress=False)
    why = made.query("red", k=1)[0].explain()
    assert why.image is None
    assert why.notices == ()
    html = why._repr_mimebundle_()["text/html"]
    assert "&lt;b&gt;<mark" in html
    assert ">red</mark>" in html


def test_a_picture_that_is_gone_is_said(collection, pictures):
    hit = collection.query("red", k=1)[0]
    (pictures / "red.png").unlink()
    why = hit.explain()
    assert why.image is None
    assert "is gone" in why.notices[0]
    assert "is gone" in why._repr_mimebundle_()["text/html"]


@pytest.fixture
def document(session, tmp_path):
    """Load a PDF of two pages with words at places that are known."""
    pytest.importorskip("pypdfium2")
    path = tmp_path / "papers" / "report.pdf"
    path.parent.mkdir()
    path.write_bytes(_pdf(["Annual report of the shoe company", "Revenue of red shoes rose"]))
    return session.load(path.parent, "papers", page_model=ToyLate(), progress=False)


def _pdf(pages):
    """Return a PDF with a line of text in the middle of each page."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>"]
    kids = " ".join(f"{3 + 2 * at} 0 R" for at in range(len(pages)))
    objects.append(f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>")
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    for at, text in enumerate(pages):
        stream = f"BT /F1 18 Tf 100 400 Td ({text}) Tj ET"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents {4 + 2 * at} 0 R"
            f" /Resources << /Font << /F1 {font} >> >> >>"
        )
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
    out = b"%PDF-1.4\n"
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode()
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    count = len(objects) + 1
    end = f"xref\n0 {count}\n0000000000 65535 f \n{table}"
    end += f"trailer\n<< /Size {count} /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF\n"
    return out + end.encode()


def test_the_words_of_the_query_are_boxed_on_the_page(document):
    hit = document.query("revenue of shoes", k=1)[0]
    why = hit.explain()
    assert why.page == 2
    assert [box.text for box in why.boxes] == ["Revenue", "shoes"]
    first = why.boxes[0]
    assert first.left == pytest.approx(100 / 600, abs=0.02)
    assert first.top < 0.5 < first.bottom + 0.02
    pink = np.asarray(why.image, int)
    row, column = round(why.image.height * first.top), round(why.image.width * first.left)
    near = pink[row - 8 : row + 8, column - 8 : column + 8].reshape(-1, 3)
    assert (np.abs(near - (214, 0, 96)).sum(axis=1) < 60).any()
    assert "shoes" in why.text


def test_another_page_of_a_document_can_be_asked_for(document):
    hit = document.query("revenue of shoes", k=1)[0]
    why = hit.explain(page=1)
    assert (why.page, why.boxes) == (1, ())
    assert "report.pdf, page 1" in why.title
    with pytest.raises(SourceError, match="has no page 7"):
        hit.explain(page=7)


def test_hits_of_a_search_as_one_types_explain_themselves_too(
    session, pictures, tiny_siglip_folder
):
    from mmrag_jupyter.search.query import Query
    from mmrag_jupyter.search.ranking import Ranked
    from mmrag_jupyter.search.remembered import Remembered

    made = session.load(pictures, "siglip", model=tiny_siglip_folder, progress=False)
    serving = {
        modality: (space, Remembered(embedder))
        for modality, (space, embedder) in made.serving().items()
    }
    page = Ranked(Query(text="a red square"), made.store, serving).page(0, 2)
    assert list(page.hits[0].explain().maps) == ["red", "square"]
