import numpy as np
import pandas as pd
import pytest
from sounds import RATE, encoded, noise, tone, write, write_packed

from mmrag_jupyter import sources
from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.items import Media, Recording
from mmrag_jupyter.sources.recordings import of_samples, recording_of
from mmrag_jupyter.sources.sound import read_sound


def only(source):
    (item,) = source
    return item


def heard_in(item):
    (recording,) = item.recordings
    assert isinstance(recording, Recording)
    return recording


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".mp3", ".m4a"])
def test_a_file_of_sound_is_an_item_with_a_recording(tmp_path, suffix):
    path = tmp_path / f"call{suffix}"
    if suffix == ".m4a":
        write_packed(path, tone())
    else:
        write(path, tone())
    source = sources.read(path)
    assert source.modalities == {"audio"}
    assert [column.name for column in source.columns][-3:] == ["duration", "rate", "channels"]
    item = only(source)
    assert item.id == path.name
    assert heard_in(item).media.path == path
    assert heard_in(item).about


def test_a_folder_mixes_sound_with_what_else_is_loaded(tmp_path):
    write(tmp_path / "a" / "one.wav", tone())
    write(tmp_path / "two.mp3", tone())
    (tmp_path / "words.txt").write_text("some words")
    (tmp_path / "rest.xyz").write_text("nothing")
    source = sources.read(tmp_path)
    assert source.modalities == {"audio", "text"}
    assert source.ids == ["a/one.wav", "two.mp3", "words.txt"]
    assert source.notice == (
        "skipped 1 file that is neither picture, recording, text nor document: .xyz"
    )


def test_sound_is_recognised_by_its_content_where_its_name_says_nothing(tmp_path):
    (tmp_path / "memo").write_bytes(encoded(tone()))
    (tmp_path / "memo.bak").write_bytes(encoded(tone(), kind="FLAC"))
    source = sources.read(tmp_path)
    assert source.ids == ["memo", "memo.bak"]
    assert source.modalities == {"audio"}
    assert sources.read(tmp_path / "memo").modalities == {"audio"}


def test_a_list_of_paths_may_name_recordings(tmp_path):
    paths = [write(tmp_path / name, tone()) for name in ("a.wav", "b.flac")]
    source = sources.read(paths)
    assert source.modalities == {"audio"}
    assert len(source.ids) == 2


def test_a_column_of_paths_is_guessed_and_said(tmp_path):
    paths = [write(tmp_path / f"{at}.wav", tone()) for at in range(3)]
    frame = pd.DataFrame({"clip": [str(path) for path in paths], "note": ["good", "bad", "so so"]})
    source = sources.read(frame)
    assert "took clip as recordings (--audio names others)" in source.notice
    assert source.modalities == {"audio", "text"}
    assert [heard_in(item).media.path for item in source] == paths
    assert [heard_in(item).column for item in source] == ["clip"] * 3
    assert not any(heard_in(item).about for item in source)


def test_addresses_of_recordings_are_fetched_only_where_they_are_named():
    frame = pd.DataFrame({"clip": ["http://127.0.0.1:9/a.mp3"]})
    assert "audio" not in sources.read(frame).modalities
    item = only(sources.read(frame, audio="clip"))
    assert heard_in(item).media.url == "http://127.0.0.1:9/a.mp3"


@pytest.mark.parametrize(
    "cell",
    [
        encoded(tone()),
        {"bytes": encoded(tone()), "path": None},
        {"array": tone(), "sampling_rate": RATE},
        (tone(), RATE),
    ],
)
def test_cells_hold_recordings_themselves(cell):
    frame = pd.DataFrame({"sound": pd.Series([cell], dtype="object")})
    item = only(sources.read(frame))
    assert read_sound(heard_in(item).media).samples == pytest.approx(tone(), abs=1e-4)


def test_a_column_of_bytes_that_is_named_as_pictures_is_none_of_recordings(tmp_path):
    path = write(tmp_path / "a.wav", tone())
    frame = pd.DataFrame({"clip": [str(path)]})
    assert "audio" not in sources.read(frame, image="clip").modalities
    assert "audio" not in sources.read(frame, audio="").modalities


def test_an_empty_cell_has_no_recording():
    frame = pd.DataFrame({"clip": [None, encoded(tone())], "note": ["a note", "another"]})
    first, second = sources.read(frame, audio="clip")
    assert not first.recordings
    assert second.recordings


def test_a_recording_that_is_not_there_is_a_problem_of_its_row(tmp_path):
    frame = pd.DataFrame({"clip": ["gone.wav"], "note": ["a note"]})
    problem, item = sources.read(frame, audio="clip", root=tmp_path)
    assert problem.reason.startswith("column 'clip': there is no file 'gone.wav'")
    assert [piece.text for piece in item.pieces] == ["a note"]


@pytest.mark.parametrize(
    ("array", "like"),
    [
        (tone(), tone()),
        ((tone() * 32767).astype(np.int16), tone()),
        ((tone() * 127 + 128).astype(np.uint8), tone()),
        (tone().astype(np.float64).tolist(), tone()),
        (np.stack([tone(), noise()]), (tone() + noise()) / 2),
        (np.stack([tone(), noise()], axis=1), (tone() + noise()) / 2),
        (np.stack([tone()] * 12, axis=1), tone()),
    ],
)
def test_samples_of_any_type_and_shape_are_a_recording(array, like):
    found = read_sound(of_samples(array, RATE))
    assert found.samples == pytest.approx(like, abs=0.02)
    assert found.rate == RATE


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ((tone(), 0), "the rate of the samples is 0"),
        ((tone(), "fast"), "the rate of the samples is 'fast'"),
        ((tone(), None), "the rate of the samples is None"),
        ((tone(), 16_000.5), "give whole samples a second"),
        ((np.zeros((2, 2, 2)), RATE), "samples of float64 in shape 2 x 2 x 2 are no sound"),
        ((np.array([]), RATE), "are no sound"),
        ((["a", "b"], RATE), "are no sound"),
        ((np.zeros((200, 100)), RATE), "100 channels"),
        (tone(), "no recording"),
        ([1.0, 2.0], "a list is no recording"),
        (3.5, "a float is no recording"),
        ({"name": "x"}, "a mapping with name"),
        (b"", "the bytes are empty"),
    ],
)
def test_what_is_no_recording_says_what_is_wrong(cell, told):
    with pytest.raises(SourceError, match=told):
        recording_of(cell)


def test_the_same_samples_are_always_the_same_bytes():
    assert of_samples(tone(), RATE).data == of_samples(tone(), RATE).data
    assert isinstance(of_samples(tone(), RATE), Media)


def test_a_dataset_with_recordings_is_read_as_it_holds_them():
    datasets = pytest.importorskip("datasets")
    data = datasets.Dataset.from_dict(
        {"audio": [{"bytes": encoded(tone()), "path": None}], "text": ["a tone"]}
    )
    item = only(sources.read(data))
    assert heard_in(item).media.data == encoded(tone())


def test_a_file_of_no_sound_names_what_can_be_loaded(tmp_path):
    (tmp_path / "a.xyz").write_text("nothing")
    with pytest.raises(SourceError, match="a source is a picture, a recording,"):
        sources.read(tmp_path / "a.xyz")
