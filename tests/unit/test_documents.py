"""Documents from the file to the hit: loaded, found, shown, and loaded again."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import pandas as pd
import pytest
from pdfs import Paper, write_pdf, write_scan
from toys import ToyEmbedder, write_pictures

import mmrag_jupyter as mm
from mmrag_jupyter import sources
from mmrag_jupyter.display import HITS_MIME
from mmrag_jupyter.errors import LoadStoppedError, SourceError
from mmrag_jupyter.ingest import aside
from mmrag_jupyter.ingest.arguments import has_long_text
from mmrag_jupyter.search.hits import Hits
from mmrag_jupyter.sources import documents, ocr, passwords, pdf, pdf_files, pdf_reader

VARIABLE = "MMRAG_TEST_PASSWORD"


@pytest.fixture(autouse=True)
def _alone(monkeypatch):
    """Leave out what is installed here or was said before."""
    monkeypatch.setattr(ocr, "engine", lambda: None)
    monkeypatch.setattr(passwords, "_offered", {})
    pdf_files.close_all()


@pytest.fixture
def session(tmp_path):
    return mm.Session(mm.Config(root=str(tmp_path / "collections"), model="builtin"))


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "reports"
    write_pdf(
        folder / "north.pdf",
        ["Annual report\nof the northern branch", "Revenue by region\nEurope 12", "Staff list"],
        info={"Title": "The North", "Author": "Ann", "CreationDate": "D:20200102"},
    )
    write_pdf(folder / "old/south.pdf", ["Costs of the southern branch", "Penguins"])
    (folder / "notes.txt").write_text("Notes on the weather.", encoding="utf-8")
    write_pictures(folder, ["red"])
    return folder


@pytest.fixture
def reading(monkeypatch):
    """Return a list of the PDFs that are read from now on."""
    paths = []

    def read(path, tell):
        paths.append(path.name)
        return pdf_reader.read(path, tell)

    monkeypatch.setitem(documents._READERS, ".pdf", read)
    return paths


def pages(hit):
    return [(part.modality, part.page) for part in hit.parts]


def test_a_folder_mixes_pictures_texts_and_documents(session, folder):
    collection = session.load(folder, "reports")
    assert collection.last_load.problems == ()
    frame = collection.items()
    assert list(frame.index) == ["north.pdf", "notes.txt", "old/south.pdf", "red.png"]
    north = frame.loc["north.pdf"]
    assert (north["pages"], north["title"], north["author"]) == (3, "The North", "Ann")
    assert north["created"] == pd.Timestamp("2020-01-02", tz="UTC")
    assert pd.isna(frame.loc["red.png", "pages"])
    assert collection.query("revenue europe", where="pages > 2").ids == ["north.pdf"]
    assert collection.query("penguins", k=1).ids == ["old/south.pdf"]
    assert collection.query("weather", k=1).ids == ["notes.txt"]


def test_a_hit_tells_its_page_and_shows_it(session, folder):
    collection = session.load(folder, "reports")
    hit = collection.query("revenue", k=1)[0]
    assert hit.id == "north.pdf"
    assert pages(hit) == [("text", 2)]
    assert hit.parts[0].source == folder / "north.pdf"
    shown = hit.picture
    assert (shown.modality, shown.page) == ("page", 2)
    assert hit.image.size == pdf.page_image(folder / "north.pdf", 2).size
    whole = collection.show("north.pdf")
    assert pages(whole[0]) == [("page", n) for n in (1, 2, 3)] + [("text", n) for n in (1, 2, 3)]
    (told,) = whole._repr_mimebundle_()[HITS_MIME]["hits"]
    assert [one["at"] for one in told["said"]] == ["page 1", "page 2", "page 3"]


def test_no_text_is_indexed_twice(session, folder):
    collection = session.load(folder, "reports")
    texts = [part.text for part in collection.show("north.pdf")[0].parts]
    assert texts[:3] == ["", "", ""]
    assert sum("Revenue" in text for text in texts) == 1


def test_nothing_is_read_of_what_is_unchanged(session, folder, reading, monkeypatch):
    collection = session.load(folder, "reports")
    assert reading == ["north.pdf", "south.pdf"]
    reading.clear()
    monkeypatch.setattr(pdf_files, "_open", None)
    report = session.load(folder, "reports").last_load
    assert (report.unchanged, report.added, report.updated, reading) == (4, 0, 0, [])
    assert len(collection) == 4


def test_a_document_may_move_to_another_source_and_keeps_what_it_says(session, folder):
    collection = session.load(folder, "reports")
    report = collection.load(folder, key="other")
    assert report.problems == ()
    assert collection.items()["pages"]["north.pdf"] == 3
    assert collection.query("revenue", k=1)[0].picture.page == 2


def test_the_pages_that_matched_are_told_once_each_best_first(session, tmp_path):
    many = "\n".join(f"Penguins and more penguins, line {n} of a long page." for n in range(60))
    path = write_pdf(tmp_path / "a.pdf", ["Nothing", many, "One penguins here", *["penguins"] * 9])
    hit = session.load(path, "a").query("penguins line", k=1)[0]
    assert hit.pages[0] == 2
    assert len(hit.pages) == len(set(hit.pages)) == 5
    assert "p. 2, also" in Hits((hit,))._repr_mimebundle_()["text/html"]


def test_pages_can_be_asked_for_alone(session, folder):
    collection = session.load(folder, "reports")
    assert set(collection.query("the branch weather", k=9).ids) > {"notes.txt", "north.pdf"}
    found = collection.query("the branch weather", k=9, modality="page").ids
    assert sorted(found) == ["north.pdf", "old/south.pdf"]
    assert collection.query("revenue", modality="page", where="pages < 3").ids == []


def test_documents_are_long_texts_without_being_opened(folder, reading):
    read = sources.read(folder)
    assert has_long_text(read)
    assert reading == []


def test_a_touched_file_keeps_its_vectors_and_a_changed_one_is_read(session, folder, reading):
    toy = ToyEmbedder()
    session.load(folder, "reports", model=toy)
    embedded = (toy.texts, toy.images)
    assert embedded == (6, 6)
    os.utime(folder / "north.pdf", ns=(0, 1))
    write_pdf(folder / "old/south.pdf", ["Costs of the southern branch", "Seals"])
    reading.clear()
    collection = session.load(folder, "reports", model=toy)
    report = collection.last_load
    assert (report.updated, report.unchanged, reading) == (2, 2, ["north.pdf", "south.pdf"])
    assert collection.items()["modified"]["north.pdf"].year == 1970
    # One text is new, and both pages of a document that is another one.
    assert (toy.texts, toy.images) == (embedded[0] + 1, embedded[1] + 2)
    assert collection.query("seals", k=1)[0].parts[0].page == 2
    reading.clear()
    assert session.load(folder, "reports", model=toy).last_load.unchanged == 4
    assert reading == []


def test_a_renamed_document_is_not_embedded_again(session, folder):
    toy = ToyEmbedder()
    session.load(folder, "reports", model=toy)
    embedded = (toy.texts, toy.images)
    (folder / "north.pdf").rename(folder / "polar.pdf")
    report = session.load(folder, "reports", model=toy).last_load
    assert (report.added, report.removed) == (1, 1)
    assert (toy.texts, toy.images) == embedded


def test_pages_are_embedded_by_what_reads_pictures_and_by_nothing_else(session, folder):
    toy, eye = ToyEmbedder(), ToyEmbedder("eye", ("image",))
    collection = session.load(folder, "toy", model=toy)
    assert "page" in collection.query("revenue", k=4).to_pandas()["why"].iloc[0]
    assert session.load(folder, "eye", model=eye)._spaces.remembered()["page"] is None
    assert eye.images == 1
    collection = session.load(folder, "both", model=eye, page_model=toy)
    assert collection._spaces.remembered() == {"image": "eye", "page": "toy:1", "text": None}
    assert {"page", "lexical"} <= set(collection.query("revenue", k=4).to_pandas()["why"].iloc[0])
    with pytest.raises(mm.MmragError, match=r"embeds image, not page; .*--page-model"):
        session.load(folder, "none", page_model=eye)


def test_the_first_documents_of_a_collection_go_by_its_own_model(session, folder, tmp_path):
    toy = ToyEmbedder()
    session.config.model = "auto"
    collection = session.load(write_pictures(tmp_path / "photos", ["red"]), "c", model=toy)
    collection.load(folder / "north.pdf")
    assert collection._spaces.remembered()["page"] == "toy:1"
    assert toy.images == 4


def test_a_real_model_of_two_towers_embeds_pages(session, folder, tiny_siglip_folder):
    collection = session.load(folder, "c", model=str(tiny_siglip_folder))
    assert collection.last_load.problems == ()
    hits = collection.query("revenue", k=4)
    assert set(hits.ids) == {"north.pdf", "old/south.pdf", "notes.txt", "red.png"}
    assert any("page" in why for why in hits.to_pandas()["why"])


def test_pages_are_embedded_again_by_another_model(session, folder):
    session.load(folder, "c", model=ToyEmbedder())
    other = ToyEmbedder("other")
    collection = session.load(folder, "c", model=other, reembed=True)
    assert collection.last_load.problems == ()
    assert other.images == 6


def test_damaged_documents_are_problems_of_one_line_each(session, folder):
    (folder / "bad.pdf").write_bytes(b"%PDF-1.7 garbage")
    (folder / "empty.pdf").write_bytes(b"")
    (folder / "page.docx").write_bytes(b"PK\3\4 garbage")
    write_pdf(folder / "none.pdf", [])
    write_pdf(folder / "locked.pdf", ["x"], password="x")  # noqa: S106 - of a test
    report = session.load(folder, "reports").last_load
    assert (report.added, report.failed) == (4, 5)
    reasons = {problem.source: problem.reason for problem in report.problems}
    assert "is damaged, or no PDF" in reasons["bad.pdf"]
    assert "is empty" in reasons["empty.pdf"]
    assert "is damaged, or no Word document" in reasons["page.docx"]
    assert "has no pages" in reasons["none.pdf"]
    assert "--password-env NAME" in reasons["locked.pdf"]
    assert not any("\n" in reason for reason in reasons.values())


def test_a_document_that_is_damaged_later_stays_as_it_was(session, folder):
    session.load(folder, "reports")
    (folder / "north.pdf").write_bytes(b"%PDF-1.7 garbage")
    collection = session.load(folder, "reports")
    assert collection.last_load.failed == 1
    assert collection.query("revenue", k=1).ids == ["north.pdf"]


def test_a_document_that_is_gone_shows_why_in_place_of_its_page(session, folder):
    collection = session.load(folder, "reports")
    (folder / "north.pdf").unlink()
    hits = collection.query("revenue", k=1)
    with pytest.raises(SourceError, match="is gone"):
        _ = hits[0].image
    assert "picture is gone" in hits._repr_mimebundle_()["text/html"]


def test_a_password_is_found_again_after_a_restart_by_the_name_of_its_variable(
    session, tmp_path, monkeypatch
):
    word = "open sesame 4711"
    path = write_pdf(tmp_path / "locked.pdf", ["The hidden treasure"], password=word)
    monkeypatch.setenv(VARIABLE, word)
    collection = session.load(path, "locked", password_env=VARIABLE)
    assert collection.query("treasure").ids == ["locked.pdf"]
    stored = b"".join(one.read_bytes() for one in collection.folder.iterdir() if one.is_file())
    assert VARIABLE.encode() in stored
    assert word.encode() not in stored
    collection.close()
    pdf_files.close_all()
    monkeypatch.setattr(passwords, "_offered", {})
    again = mm.Session(session.config).open("locked")
    assert again.query("treasure")[0].image is not None
    monkeypatch.delenv(VARIABLE)
    pdf_files.close_all()
    with pytest.raises(SourceError, match=r"MMRAG_TEST_PASSWORD .* is not set"):
        _ = again.query("treasure")[0].image


def test_a_variable_that_is_not_set_is_a_problem_and_its_name_is_not_kept(session, tmp_path):
    path = write_pdf(tmp_path / "locked.pdf", ["x"], password="x")  # noqa: S106 - of a test
    name = "hunter2"
    collection = session.load(path, "locked", password_env=name)
    assert "hunter2 (--password-env) is not set" in collection.last_load.problems[0].reason
    assert collection._store.setting("passwords") is None


def test_scans_are_said_once_and_read_as_soon_as_something_can(session, tmp_path, monkeypatch):
    folder = tmp_path / "scans"
    write_scan(folder / "a.pdf", ["one", "two"])
    write_scan(folder / "b.pdf", ["three"])
    report = session.load(folder, "scans").last_load
    assert "3 pages without text: " + ocr.ADVICE in report.notices
    assert (report.added, report.problems) == (2, ())
    report = session.load(folder, "scans").last_load
    assert report.unchanged == 2
    assert not any("without text" in notice for notice in report.notices)

    class Engine:
        name = "StandIn"

        def words(self, _image):
            return [ocr.Word("treasure", 0, 0, 9, 9, 0)]

    monkeypatch.setattr(ocr, "engine", Engine)
    collection = session.load(folder, "scans")
    assert collection.last_load.updated == 2
    assert "3 pages without text of their own: read by StandIn" in collection.last_load.notices
    assert set(collection.query("treasure").ids) == {"a.pdf", "b.pdf"}
    assert session.load(folder, "scans").last_load.unchanged == 2


def test_a_table_with_a_column_of_paths_has_the_pages_in_its_rows(session, folder, reading):
    frame = pd.DataFrame(
        {"report": ["north.pdf", "old/south.pdf", None], "year": [2020, 2021, 2022]},
        index=["n", "s", "none"],
    )
    collection = session.load(frame, "table", root=folder, key="table:t")
    assert "took report as documents" in collection.last_load.notices[0]
    hits = collection.query("penguins", where="year > 2020")
    assert hits.ids == ["s"]
    assert (hits[0].parts[0].page, hits[0].picture.page) == (2, 2)
    assert collection.items()["report"].tolist()[:2] == ["north.pdf", "old/south.pdf"]
    reading.clear()
    assert session.load(frame, "table", root=folder, key="table:t").last_load.unchanged == 3
    assert reading == []
    frame.loc["s", "year"] = 1999
    report = session.load(frame, "table", root=folder, key="table:t").last_load
    assert (report.updated, report.unchanged) == (1, 2)
    assert collection.query("penguins", where="year < 2000").ids == ["s"]


def test_a_missing_document_in_a_table_is_a_problem(session, folder):
    frame = pd.DataFrame({"report": ["north.pdf", "gone.pdf"], "text": ["a b c d", "e f g h"]})
    report = session.load(frame, "table", root=folder, image="report").last_load
    assert [problem.source for problem in report.problems] == ["1"]
    assert "there is no file 'gone.pdf'" in report.problems[0].reason


def test_a_single_file_and_a_list_of_files_are_sources(session, folder):
    assert session.load(folder / "north.pdf", "one").items().index.tolist() == ["north.pdf"]
    listed = session.load([folder / "north.pdf", folder / "red.png"], "list", root=folder)
    assert listed.items().index.tolist() == ["north.pdf", "red.png"]


def test_two_thousand_pages_are_read_in_bounded_memory(session, tmp_path):
    lines = ["Some words about revenue and region, and a line of text for the page."] * 30
    papers = [Paper([f"Page {n}", *lines]) for n in range(2000)]
    path = write_pdf(tmp_path / "long.pdf", papers)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    collection = session.load(path, "long")
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 400_000  # KiB: the models' libraries may come with it
    assert collection.items()["pages"].tolist() == [2000]
    hit = collection.query("1234", k=1)[0]
    assert (hit.parts[0].page, hit.picture.page) == (1235, 1235)


def test_progress_goes_by_pages_where_an_item_takes_long(session, tmp_path, monkeypatch):
    monkeypatch.setattr(aside, "PATIENCE", 0)
    said = []

    class Reporter:
        def start(self, label, total):
            said.append((label, total))

        def advance(self, done):
            said.append(done)

        def finish(self, message):
            said.append(message)

    path = write_pdf(tmp_path / "long.pdf", ["x"] * 70)
    session.reporter = Reporter
    collection = session.load(path, "long", model=ToyEmbedder())
    labels = [one[0] for one in said if isinstance(one, tuple)]
    assert labels[0] == labels[-1] == "loading long.pdf"
    assert f"reading pages of {path}" in labels
    assert "embedding pages" in labels
    assert said.count(70) == 2
    assert len(collection) == 1


def test_an_interrupt_stops_between_pages_and_the_same_load_goes_on(session, tmp_path, monkeypatch):
    folder = tmp_path / "many"
    for n in range(40):
        write_pdf(folder / f"{n:02}.pdf", ["x", "y"])
    page_of, seen = pdf.page_of, []

    def interrupted(path, page):
        seen.append(path)
        if path.name == "33.pdf":
            raise KeyboardInterrupt
        return page_of(path, page)

    monkeypatch.setattr(pdf, "page_of", interrupted)
    with pytest.raises(LoadStoppedError):
        session.load(folder, "many")
    kept = len(session.collection("many"))
    assert 0 < kept < 40
    monkeypatch.setattr(pdf, "page_of", page_of)
    report = session.load(folder, "many").last_load
    assert (report.unchanged, report.added) == (kept, 40 - kept)


def test_real_reports_are_found_with_the_page_that_answers(session, shared_data):
    collection = session.load(shared_data / "pdfs", "reports")
    frame = collection.items()
    assert frame["pages"].sum() == 155
    assert collection.last_load.problems == ()
    hit = collection.query("unconditional purchase obligations thereafter total", k=1)[0]
    text = pdf.page_of(Path(shared_data / "pdfs" / hit.id), hit.parts[0].page).text
    assert "Unconditional Purchase Obligations" in text
