"""A page asks for a sound and its waveform as it asks for pictures."""

from __future__ import annotations

import io

import pytest
import soundfile
from PIL import Image

from mmrag_jupyter.display.waves import SIZE


def hit_of(page, name):
    found = page.ask("search", asked={}, limit=10, collection="calls")["hits"]
    return next(one for one in found if one["id"] == name)


def test_a_hit_tells_its_sound_and_the_page_hears_it(page, calls):  # noqa: ARG001
    hit = hit_of(page, "bell.wav")
    sound = hit["sound"]
    assert sound["start"] == pytest.approx(2.9, abs=0.05)
    assert "audio" not in sound
    heard = page.ask("sound", key=hit["key"], part=sound["part"], collection="calls")["sound"]
    assert heard["type"] == "audio/ogg"
    assert (heard["start"], heard["end"]) == (sound["start"], sound["end"])
    samples, rate = soundfile.read(io.BytesIO(page.buffers[heard["buffer"]]))
    assert len(samples) / rate == pytest.approx(sound["end"] - sound["start"], abs=0.05)


def test_its_waveform_is_a_picture(page, calls):  # noqa: ARG001
    hit = hit_of(page, "bell.wav")
    assert (hit["thumbnail"]["width"], hit["thumbnail"]["height"]) == SIZE
    wanted = [{"key": hit["key"], "part": hit["part"]}]
    (made,) = page.ask("thumbnails", pictures=wanted, size=320, collection="calls")["pictures"]
    assert (made["width"], made["height"]) == SIZE
    assert Image.open(io.BytesIO(page.buffers[0])).size == SIZE
    item = page.ask("item", key=hit["key"], size=320, collection="calls")
    assert item["picture"]["width"] == SIZE[0]


def test_an_item_without_sound_has_none_and_one_that_is_gone_says_so(page, calls, tmp_path):  # noqa: ARG001
    assert page.ask("sound", key="red-hat", collection="shop") == {"sound": None}
    (tmp_path / "calls" / "bell.wav").unlink()
    heard = page.ask("sound", key="bell.wav", collection="calls")["sound"]
    assert "bell.wav is gone" in heard["problem"]
    assert page.buffers == []
    error = page.refused("sound", key="none.wav", collection="calls")
    assert error["kind"] == "missing"


def test_more_of_its_recording_can_be_asked_for_but_never_hours(page, calls):  # noqa: ARG001
    asked = {"key": "bell.wav", "part": 0, "collection": "calls"}
    heard = page.ask("sound", **asked, start=0, end=8)["sound"]
    assert (heard["start"], heard["end"]) == (0, 8)
    assert soundfile.info(io.BytesIO(page.buffers[0])).duration == pytest.approx(8, abs=0.05)
    assert page.ask("sound", **asked, start=1, end=1e9)["sound"]["end"] == 8
    assert "has no sound at" in page.ask("sound", **asked, start=50, end=60)["sound"]["problem"]
    assert page.refused("sound", **asked, start="x", end=1)["kind"] == "message"


def test_a_part_that_is_no_number_is_refused(page, calls):  # noqa: ARG001
    assert page.refused("sound", key="bell.wav", part="x")["kind"] == "message"
    assert page.refused("sound", key="bell.wav", part=-1)["kind"] == "message"
    # One beyond the last is the recording's first.
    assert "buffer" in page.ask("sound", key="bell.wav", part=99, collection="calls")["sound"]
