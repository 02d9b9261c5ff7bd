"""The shop's papers: PDFs that every reader opens, the same every time."""

from __future__ import annotations

import pypdfium2
import pytest

from mmrag_jupyter import samples
from mmrag_jupyter.samples.papers import Page, write_pdf


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return samples.reports(tmp_path_factory.mktemp("papers"))


def texts(path):
    with pypdfium2.PdfDocument(path) as pdf:
        return [page.get_textpage().get_text_bounded() for page in pdf]


def test_there_are_two_reports_and_a_care_guide(folder):
    pages = {path.name: len(texts(path)) for path in folder.iterdir()}
    assert pages == {"report-2024.pdf": 4, "report-2025.pdf": 4, "care-guide.pdf": 3}


def test_the_tables_add_up(folder):
    for year, total in ((2024, "1,208"), (2025, "1,353")):
        assert (
            f"All regions 1,{'162' if year == 2024 else '208'} {total}"
            in texts(folder / f"report-{year}.pdf")[1]
        )


def test_a_page_with_a_chart_has_its_bars(folder):
    with pypdfium2.PdfDocument(folder / "report-2025.pdf") as pdf:
        image = pdf[1].render(scale=0.5).to_pil().convert("RGB")
    blue = (59, 112, 184)
    near = [
        pixel
        for pixel in image.get_flattened_data()
        if all(abs(one - other) < 6 for one, other in zip(pixel, blue, strict=True))
    ]
    assert len(near) > 2000


def test_the_same_pages_give_the_same_bytes(folder, tmp_path):
    again = samples.reports(tmp_path)
    for path in folder.iterdir():
        assert (again / path.name).read_bytes() == path.read_bytes()


def test_brackets_and_accents_of_a_text_are_kept(tmp_path):
    write_pdf(tmp_path / "x.pdf", [Page("Manhã (50 %)", [r"a \ b (c"])], title="Título")
    [text] = texts(tmp_path / "x.pdf")
    assert "Manhã (50 %)" in text
    assert r"a \ b (c" in text
