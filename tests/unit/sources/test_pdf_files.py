from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from pdfs import Paper, write_pdf

from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.sources import passwords, pdf, pdf_files


def first_text(path):
    return pdf.page_of(path, 1).text


def refusal(path):
    with pytest.raises(SourceError) as raised:
        first_text(path)
    said = str(raised.value)
    assert "\n" not in said
    assert path.name in said
    return said


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty (0 bytes)"),
        (b"hello", "is damaged, or no PDF"),
        (b"%PDF-1.7\ngarbage", "is damaged, or no PDF"),
        (b"\x89PNG\r\n\x1a\n", "is damaged, or no PDF"),
    ],
)
def test_what_is_no_pdf_says_so(tmp_path, data, reason):
    path = tmp_path / "a.pdf"
    path.write_bytes(data)
    assert reason in refusal(path)


def test_a_pdf_cut_short_is_read_as_far_as_it_goes_or_refused_in_a_line(tmp_path):
    whole = write_pdf(tmp_path / "a.pdf", [f"Page {n}" for n in range(20)]).read_bytes()
    path = tmp_path / "b.pdf"
    for length in range(1, len(whole), 211):
        path.write_bytes(whole[:length])
        try:
            first_text(path)
        except SourceError as error:
            assert "\n" not in str(error)  # noqa: PT017 - either is right


def test_a_pdf_without_pages_says_so(tmp_path):
    assert "has no pages" in refusal(write_pdf(tmp_path / "a.pdf", []))


def test_what_is_not_there_or_no_file_says_so(tmp_path):
    assert "is gone" in refusal(tmp_path / "a.pdf")
    (tmp_path / "b.pdf").mkdir()
    assert "is a folder" in refusal(tmp_path / "b.pdf")


def test_a_page_that_is_not_there_says_how_many_are(tmp_path):
    path = write_pdf(tmp_path / "a.pdf", ["one"])
    with pytest.raises(SourceError, match="has 1 page, and no page 2"):
        pdf.page_of(path, 2)
    with pytest.raises(SourceError, match="no page 0"):
        pdf.page_image(path, 0)


def test_a_page_that_is_broken_is_an_error_and_the_others_are_read(tmp_path):
    path = write_pdf(tmp_path / "a.pdf", ["one", "two"])
    path.write_bytes(path.read_bytes().replace(b"/Type /Page /Parent", b"/Type /Pixy /Parent", 1))
    with pytest.raises(SourceError, match="is damaged"):
        pdf.page_of(path, 1)
    assert pdf.page_of(path, 2).text == "two"


def test_an_empty_password_opens(tmp_path):
    assert first_text(write_pdf(tmp_path / "a.pdf", ["hello"], password="")) == "hello"


def test_a_password_comes_from_the_variable_that_was_named(tmp_path, monkeypatch):
    word = "open sesame"
    path = write_pdf(tmp_path / "a.pdf", ["secret"], password=word)
    assert "--password-env NAME" in refusal(path)
    passwords.offer("MMRAG_TEST_PASSWORD")
    assert "MMRAG_TEST_PASSWORD (--password-env) is not set" in refusal(path)
    monkeypatch.setenv("MMRAG_TEST_PASSWORD", "wrong")
    said = refusal(path)
    assert "MMRAG_TEST_PASSWORD (--password-env) does not open it" in said
    assert "wrong" not in said
    monkeypatch.setenv("MMRAG_TEST_PASSWORD", word)
    assert first_text(path) == "secret"


def test_several_passwords_open_their_own_files(tmp_path, monkeypatch):
    papers = {name: write_pdf(tmp_path / name, [name], password=name) for name in ("a", "b")}
    for name in papers:
        monkeypatch.setenv(f"MMRAG_TEST_{name}", name)
        passwords.offer(f"MMRAG_TEST_{name}")
    assert [first_text(path) for path in papers.values()] == ["a", "b"]


def test_the_variable_named_last_is_tried_first(tmp_path, monkeypatch):
    path = write_pdf(tmp_path / "a.pdf", ["x"], password="x")  # noqa: S106 - of a test
    for name in ("MMRAG_TEST_A", "MMRAG_TEST_B", "MMRAG_TEST_A"):
        monkeypatch.setenv(name, name)
        passwords.offer(name)
    assert passwords.candidates() == ["MMRAG_TEST_A", "MMRAG_TEST_B"]
    assert "the password in MMRAG_TEST_A" in refusal(path)


@pytest.mark.parametrize("given", ["hunter 2", "", "p@ss", "1abc", "A=B"])
def test_a_password_in_place_of_a_name_is_refused_and_not_repeated(given):
    with pytest.raises(SourceError, match="takes the name of an environment variable") as raised:
        passwords.offer(given)
    assert not given or given not in str(raised.value)


def test_only_a_few_files_stay_open(tmp_path):
    for number in range(3 * pdf_files.KEPT_OPEN):
        first_text(write_pdf(tmp_path / f"{number}.pdf", [str(number)]))
    assert len(pdf_files._kept) == pdf_files.KEPT_OPEN
    names = os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else []  # noqa: PTH112, PTH208
    links = [os.readlink(f"/proc/self/fd/{one}") for one in names if _is_link(one)]  # noqa: PTH115
    assert sum(link.startswith(str(tmp_path)) for link in links) <= pdf_files.KEPT_OPEN


def _is_link(name):
    return os.path.islink(f"/proc/self/fd/{name}")  # noqa: PTH114


def test_a_file_that_changes_is_opened_anew(tmp_path):
    path = write_pdf(tmp_path / "a.pdf", ["before"])
    assert first_text(path) == "before"
    write_pdf(path, ["after, which is longer"])
    assert first_text(path) == "after, which is longer"
    path.unlink()
    assert "is gone" in refusal(path)
    assert path not in pdf_files._kept


def test_many_threads_read_and_draw_at_once(tmp_path):
    papers = [
        write_pdf(tmp_path / f"{n}.pdf", [f"{n} {page}" for page in range(5)]) for n in range(8)
    ]

    def look(at):
        path, page = papers[at % 8], at % 5 + 1
        assert min(pdf.page_image(path, page, edge=40).size) <= 80
        return pdf.page_of(path, page).text == f"{at % 8} {page - 1}"

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(look, range(400)))


def test_a_name_that_is_not_unicode_is_opened(tmp_path):
    path = write_pdf(tmp_path / os.fsdecode(b"caf\xe9.pdf"), [Paper(["hello"])])
    assert first_text(path) == "hello"
