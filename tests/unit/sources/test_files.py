from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import pytest
from PIL import Image

from mmrag_jupyter import sources
from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.items import Item, Problem
from mmrag_jupyter.sources.images import open_image, picture_suffixes


def picture(path, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (4, 3), "red").save(path, **options)


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "photos"
    picture(folder / "b.png")
    picture(folder / "sub/a.JPG")
    (folder / "notes.txt").write_text("Some notes.", encoding="utf-8")
    return folder


def test_a_folder_gives_its_pictures_and_texts(folder):
    source = sources.read(folder)
    assert source.ids == ["b.png", "notes.txt", "sub/a.JPG"]
    assert [item.id for item in source] == source.ids
    assert [[piece.modality for piece in item.pieces] for item in source] == [
        ["image"], ["text"], ["image"],
    ]  # fmt: skip
    assert source.modalities == {"image", "text"}
    assert (source.label, source.notice, source.problems) == ("photos", "", [])
    assert source.key == f"path:{folder}"
    assert sources.read(str(folder) + "/").key == source.key
    assert sources.read(folder, key="mine").key == "mine"


def test_the_metadata_of_a_file(folder):
    os.utime(folder / "sub/a.JPG", ns=(0, 1_600_000_000_123_456_789))
    source = sources.read(folder)
    metadata = list(source)[2].metadata
    assert metadata == {
        "path": "sub/a.JPG",
        "name": "a.JPG",
        "folder": "sub",
        "suffix": ".jpg",
        "size": (folder / "sub/a.JPG").stat().st_size,
        "modified": dt.datetime(2020, 9, 13, 12, 26, 40, 123456, tzinfo=dt.UTC),
    }
    assert [column.name for column in source.columns] == list(metadata)
    assert next(iter(source)).metadata["folder"] == ""


def test_listing_opens_no_file(folder, monkeypatch):
    def refuse(*_args, **_options):
        raise AssertionError("a file was opened")

    monkeypatch.setattr(Path, "open", refuse)
    monkeypatch.setattr("builtins.open", refuse)
    assert len(sources.read(folder).ids) == 3


def test_what_is_neither_picture_nor_text_nor_document_is_counted(folder):
    for name in ("a.zip", "b.zip", "table.csv", "README"):
        (folder / name).write_bytes(b"x")
    told, _, suffixes = sources.read(folder).notice.partition(": ")
    assert told == "skipped 4 files that are neither picture, recording, text nor document"
    assert suffixes.startswith(".zip, ")
    assert set(suffixes.split(", ")) == {".zip", ".csv", "without a suffix"}


def test_an_empty_folder_says_so(tmp_path):
    source = sources.read(tmp_path)
    assert list(source.ids) == list(source) == []
    assert f"no pictures, recordings, texts or documents in {tmp_path}" in source.notice


def test_dead_links_are_problems_beside_the_items(folder):
    (folder / "dead.png").symlink_to("gone.png")
    source = sources.read(folder)
    assert [problem.source for problem in source.problems] == ["dead.png"]
    assert len(source.ids) == 3


def test_a_picture_under_a_wrong_suffix_is_opened_for_what_it_is(folder):
    picture(folder / "b.png", format="JPEG")
    item = next(iter(sources.read(folder)))
    assert open_image(item.pieces[0].media).size == (4, 3)


@pytest.mark.parametrize(
    "suffix",
    [".png", ".jpg", ".jfif", ".tif", ".webp", ".gif", ".bmp", ".ico", ".avif", ".jp2", ".ppm",
     ".tga", ".apng", ".mpo", ".psd"],
)  # fmt: skip
def test_all_formats_that_pillow_opens_are_pictures(suffix):
    assert suffix in picture_suffixes()


@pytest.mark.parametrize("suffix", [".pdf", ".eps", ".mpg", ".h5", ".svg", ".txt"])
def test_formats_that_need_other_programs_are_not(suffix):
    assert suffix not in picture_suffixes()


RUSSIAN = "Москва - столица России, большой город."
JAPANESE = "東京は日本の首都であり、多くの人々が住んでいます。"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"plain", "plain"),
        ("größe 🍌 שלום".encode(), "größe 🍌 שלום"),
        ("\ufeffmarked".encode(), "marked"),
        ("both".encode("utf-16"), "both"),
        (b"caf\xe9", "café"),
        ("größe".encode("utf-16-be"), "größe"),
        (RUSSIAN.encode("cp1251"), RUSSIAN),
        (JAPANESE.encode("shift_jis"), JAPANESE),
        (b"\x81\x8d", "\ufffd\ufffd"),
        (b"a\0b", "ab"),
        (b"line\r\nline", "line\nline"),
    ],
)
def test_texts_are_read_in_whatever_encoding(tmp_path, data, text):
    (tmp_path / "a.md").write_bytes(data)
    (item,) = sources.read(tmp_path)
    assert [piece.text for piece in item.pieces] == [text]


def test_an_empty_text_file_is_an_item_without_parts(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"")
    (item,) = sources.read(tmp_path)
    assert list(item.pieces) == []


def test_long_text_files_are_chunked(tmp_path):
    (tmp_path / "a.txt").write_text("One more sentence here. " * 500, encoding="utf-8")
    (item,) = sources.read(tmp_path, chunk_tokens=64)
    assert len(item.pieces) > 10


def test_a_text_file_that_cannot_be_read_is_a_problem_and_the_rest_is_loaded(folder, monkeypatch):
    read_bytes = Path.read_bytes

    def refusing(path):
        if path.name == "notes.txt":
            raise PermissionError(13, "Permission denied")
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", refusing)
    found = list(sources.read(folder))
    assert [one.reason for one in found if isinstance(one, Problem)] == ["Permission denied"]
    assert [one.id for one in found if isinstance(one, Item)] == ["b.png", "sub/a.JPG"]


def test_a_single_file(folder):
    source = sources.read(folder / "b.png")
    assert (source.ids, source.label) == (["b.png"], "b.png")
    assert source.key == f"path:{folder / 'b.png'}"
    (item,) = sources.read(str(folder / "notes.txt"))
    assert item.pieces[0].text == "Some notes."


def test_a_file_of_another_type_says_what_can_be_loaded(folder):
    (folder / "a.zip").write_bytes(b"x")
    with pytest.raises(SourceError, match=r"a.zip is of a type that is not loaded \(.zip\).*\.csv"):
        sources.read(folder / "a.zip")


def test_a_list_of_paths_keeps_them_as_written(folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    source = sources.read(["photos/sub/a.JPG", Path("photos/b.png"), "photos/b.png"])
    assert source.ids == ["photos/sub/a.JPG", "photos/b.png"]
    assert all(item.pieces[0].media.path.is_absolute() for item in source)
    assert sources.read(folder.glob("*.png")).ids == ["photos/b.png"]
    assert sources.read(["b.png", "sub"], root=folder).ids == ["b.png", "sub/a.JPG"]


def test_paths_elsewhere_are_known_by_the_whole_path(folder, monkeypatch, tmp_path_factory):
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert sources.read([folder / "b.png"]).ids == [str(folder / "b.png")]


def test_a_longer_list_in_the_same_folder_is_the_same_source(folder):
    (folder / "c.txt").write_text("x", encoding="utf-8")
    one, two = ([folder / "b.png"], [folder / "b.png", folder / "c.txt"])
    assert sources.read(one).key == sources.read(two).key == f"paths:{folder}"


def test_missing_paths_in_a_list_are_problems(folder):
    source = sources.read(["b.png", "gone.png"], root=folder)
    assert source.ids == ["b.png"]
    assert [(one.source, one.reason) for one in source.problems] == [
        ("gone.png", "No such file or directory")
    ]


def test_an_empty_list_is_an_empty_source():
    assert sources.read([]).ids == []


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [("fotos", "Did you mean 'photos'?"), ("photos/b.jpg", "Did you mean 'b.png'?"),
     ("photo/b.png", "Did you mean 'photos'?"), ("nothing/like/it", "has no 'nothing'"),
     ("photos/*.png", "files = sorted(glob.glob(pattern))")],
)  # fmt: skip
def test_a_path_that_does_not_exist_suggests_the_nearest(folder, name, suggestion):
    with pytest.raises(SourceError, match="There is no file or folder") as raised:
        sources.read(folder.parent / name)
    assert suggestion in str(raised.value)
    assert "\n" not in str(raised.value)


def test_links_that_lead_nowhere_say_so(folder):
    (folder / "dead.png").symlink_to("gone.png")
    (folder / "loop.png").symlink_to("loop.png")
    with pytest.raises(SourceError, match=r"dead\.png is a link to 'gone\.png', which is"):
        sources.read(folder / "dead.png")
    with pytest.raises(SourceError, match=r"loop\.png cannot be read: a link that leads to itself"):
        sources.read(folder / "loop.png")


@pytest.mark.parametrize("option", ["text", "image", "id"])
def test_columns_make_no_sense_for_files(folder, option):
    with pytest.raises(SourceError, match=rf"A folder has no columns.*--{option}"):
        sources.read(folder, **{option: "name"})


def test_a_link_to_a_folder_is_that_folder(folder):
    link = folder.parent / "link"
    link.symlink_to(folder)
    assert sources.read(link).ids == sources.read(folder).ids


def test_a_device_is_no_source():
    with pytest.raises(SourceError, match="neither a file nor a folder"):
        sources.read("/dev/null")


def test_a_broken_picture_is_still_an_item(tmp_path):
    (tmp_path / "a.png").write_bytes(b"")
    (item,) = sources.read(tmp_path)
    with pytest.raises(SourceError, match=r"a.png is empty"):
        open_image(item.pieces[0].media)
