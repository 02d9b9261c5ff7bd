from __future__ import annotations

import os
import sys

import pytest
from PIL import Image, ImageDraw, ImageFont

from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.sources import ocr


@pytest.fixture
def picture():
    image = Image.new("RGB", (900, 300), "white")
    font = ImageFont.load_default(48)
    ImageDraw.Draw(image).multiline_text((40, 40), "Hello world\nSecond line", 0, font)
    return image


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Return what puts a program called tesseract before all others, written in Python."""

    def put(code):
        path = tmp_path / "tesseract"
        path.write_text(f"#!{sys.executable}\n{code}", encoding="utf-8")
        path.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
        ocr._languages.cache_clear()

    yield put
    ocr._languages.cache_clear()


def installed():
    found = ocr.find()
    if found is None:
        pytest.skip("neither tesseract nor rapidocr is installed")
    return found


def test_words_and_their_places_are_read_for_real(picture):
    words = installed().words(picture)
    assert ocr.lines(words) == "Hello world\nSecond line"
    hello, world, second, _ = words
    assert hello.left < hello.right <= world.left
    assert hello.bottom <= second.top
    assert 30 < hello.left < 60
    assert [word.line for word in words] == [0, 0, 1, 1]


def test_a_blank_picture_has_no_words():
    assert installed().words(Image.new("RGB", (300, 200), "white")) == []


HEAD = (
    "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext"
)


def test_the_table_of_tesseract_is_read_with_its_marks(program, picture):
    rows = [
        HEAD,
        '5\t1\t1\t1\t1\t1\t10\t20\t30\t5\t90.1\t"quoted',
        "4\t1\t1\t1\t2\t0\t0\t0\t9\t9\t-1\t",
    ]
    rows += ["5\t1\t1\t1\t2\t1\t10\t40\t30\t5\t90.1\tnext", "5\t1\t1\t1\t2\t2\t50\t40\t9\t5\t1\t "]
    table = "\n".join(rows)
    program(f"import sys; sys.stdin.buffer.read(); print({table!r})")
    assert ocr.Tesseract().words(picture) == [
        ocr.Word('"quoted', 10, 20, 40, 25, 0),
        ocr.Word("next", 10, 40, 40, 45, 1),
    ]


def test_all_installed_languages_are_asked_for_english_first(program, picture, tmp_path):
    program(
        "import sys, pathlib\n"
        "if '--list-langs' in sys.argv:\n"
        "    print('List of available languages (3):\\ndeu\\neng\\nosd')\n"
        "else:\n"
        "    sys.stdin.buffer.read()\n"
        f"    pathlib.Path({str(tmp_path / 'said')!r}).write_text(' '.join(sys.argv))\n"
    )
    assert ocr.Tesseract().words(picture) == []
    assert "-l eng+deu" in (tmp_path / "said").read_text()


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import sys; print('first\\nno room', file=sys.stderr); sys.exit(3)", "failed: no room"),
        ("import sys; sys.exit(3)", "failed: "),
        ("import time, sys; time.sleep(60)", "more than 0.2 s"),
    ],
)
def test_a_program_that_fails_is_one_line(program, picture, monkeypatch, code, reason):
    monkeypatch.setattr(ocr, "_SECONDS", 0.2)
    program(code)
    with pytest.raises(SourceError, match=reason) as raised:
        ocr.Tesseract().words(picture)
    assert "\n" not in str(raised.value)


def test_tesseract_is_taken_before_rapidocr_and_nothing_is_nothing(program, monkeypatch, tmp_path):
    program("")
    assert ocr.find().name == "Tesseract"
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    monkeypatch.setattr(ocr, "find_spec", lambda _name: object())
    assert ocr.find().name == "RapidOCR"
    monkeypatch.setattr(ocr, "find_spec", lambda _name: None)
    assert ocr.find() is None


class FakeRapid:
    def __init__(self, result):
        self.result = result

    def __call__(self, _image, *, return_word_box):
        assert return_word_box
        if isinstance(self.result, Exception):
            raise self.result
        return type("Output", (), {"word_results": self.result})


def test_the_words_of_rapidocr_are_boxed_upright(monkeypatch, picture):
    corners = [[1, 2], [11, 1], [12, 6], [2, 7]]
    lines = ((("Hello", 0.9, corners), (" ", 0.9, corners)), (("World", 0.9, corners),))
    monkeypatch.setattr(ocr, "_rapid", lambda: FakeRapid(lines))
    assert ocr.Rapid().words(picture) == [
        ocr.Word("Hello", 1, 1, 12, 7, 0),
        ocr.Word("World", 1, 1, 12, 7, 1),
    ]
    monkeypatch.setattr(ocr, "_rapid", lambda: FakeRapid(None))
    assert ocr.Rapid().words(picture) == []
    monkeypatch.setattr(ocr, "_rapid", lambda: FakeRapid(RuntimeError("no\nmodel")))
    with pytest.raises(SourceError, match="RapidOCR failed: RuntimeError: no") as raised:
        ocr.Rapid().words(picture)
    assert "\n" not in str(raised.value)
