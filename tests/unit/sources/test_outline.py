"""A recording's loudness from end to end, without reading hours of it."""

from __future__ import annotations

import numpy as np
import pytest
from sounds import quiet, tone, write

from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.items import Media
from mmrag_jupyter.sources.outline import outline


def test_it_is_loud_where_the_recording_is(tmp_path):
    made = np.concatenate([quiet(3), tone(440, 1), quiet(4)])
    path = write(tmp_path / "a.wav", np.stack([made] * 8, axis=1))
    loud, seconds = outline(Media(path=path), 80)
    assert seconds == 8
    assert loud.shape == (80,)
    assert loud[:29].max() < 0.01
    assert loud[31:39].min() > 0.2
    assert loud[41:].max() < 0.01


def test_of_a_long_recording_only_a_little_is_read(tmp_path, monkeypatch):
    path = write(
        tmp_path / "a.wav", np.concatenate([quiet(300, 1_000), tone(40, 300, 1_000)]), 1_000
    )
    from mmrag_jupyter.sources import sound_files

    read, counts = sound_files.PlainSound.read, []

    def counted(self, start, count):
        counts.append(count)
        return read(self, start, count)

    monkeypatch.setattr(sound_files.PlainSound, "read", counted)
    loud, seconds = outline(Media(path=path), 60)
    assert seconds == 600
    assert sum(counts) == 60 * 250
    assert loud[:30].max() < 0.01
    assert loud[30:].min() > 0.1


@pytest.mark.parametrize("count", [0, 1, 5])
def test_hardly_any_sound_is_no_trouble(tmp_path, count):
    path = write(tmp_path / "a.wav", np.ones(count, np.float32))
    loud, seconds = outline(Media(path=path), 10)
    assert loud.shape == (10,)
    assert seconds == count / 16_000


def test_one_that_is_gone_says_so(tmp_path):
    with pytest.raises(SourceError, match=r"a\.wav is gone"):
        outline(Media(path=tmp_path / "a.wav"), 10)
