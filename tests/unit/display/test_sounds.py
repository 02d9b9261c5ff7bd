"""Hits that are heard: a player, a waveform, and words, within the budget."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sounds import RATE, noise, quiet, tone

from mmrag_jupyter.display import HITS_MIME, Options, Said, hits_bundle
from mmrag_jupyter.display.budget import bundle_bytes
from mmrag_jupyter.display.cards import Card
from mmrag_jupyter.display.explaining import explanation_bundle
from mmrag_jupyter.display.spans import SpanLine, drawn
from mmrag_jupyter.display.stretches import Stretch
from mmrag_jupyter.display.waves import SIZE, levels, waveform
from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.items import Sound

_LONG = noise(64)


def stretch(start=5.0, end=12.0, **options):
    def read(begin, last):
        return Sound(_LONG[round(begin * RATE) : round(last * RATE)], RATE)

    return Stretch(start, end, read, **options)


def call(number, sound=None, **other):
    heard = sound or stretch()
    said = {
        "id": f"call-{number}.wav", "rank": number + 1, "score": 1 / (number + 1),
        "picture": heard.picture, "alt": f"waveform of call {number}, 0:05-0:12",
        "text": "my parcel was <b>late</b>, and nobody called me back", "terms": ("late",),
        "metadata": {"agent": "Kim", "minutes": number}, "source": f"calls/call-{number}.wav",
        "start": heard.start, "end": heard.end, "sound": heard,
    }  # fmt: skip
    return Card(**{**said, **other})


@pytest.mark.parametrize("view", ["auto", "gallery", "table", "list"])
def test_eight_hits_are_heard_within_their_budget(view, read):
    bundle = hits_bundle([call(n) for n in range(8)], title="t", options=Options(view=view))
    assert bundle_bytes(bundle) <= 65536
    page = read(bundle["text/html"])
    assert len(page.sounds) == len(page.images) == 8
    assert page.alts[0] == "waveform of call 0, 0:05-0:12"
    assert page.tags.count("mark") >= 8
    assert "0:05-0:12" in page.text
    told = bundle[HITS_MIME]["hits"]
    assert [each["sound"]["audio"] for each in told] == list(range(8))
    assert {(each["sound"]["start"], each["sound"]["end"]) for each in told} == {(5.0, 12.0)}
    assert [each["thumbnail"]["image"] for each in told] == list(range(8))


def test_recordings_are_shown_as_a_list_and_products_that_sound_as_a_gallery(photo):
    calls = [call(n) for n in range(3)]
    assert hits_bundle(calls, title="")[HITS_MIME]["view"] == "list"
    products = [call(0), *(Card(id=f"p{n}", rank=n, score=1, picture=photo) for n in range(3))]
    assert hits_bundle(products, title="")[HITS_MIME]["view"] == "gallery"


def test_a_sound_that_was_shortened_says_so_in_the_page_and_the_data(read):
    cards = [call(n, stretch(5.0, 25.0)) for n in range(8)]
    bundle = hits_bundle(cards, title="")
    page = read(bundle["text/html"])
    assert len(page.sounds) == 8
    sound = bundle[HITS_MIME]["hits"][0]["sound"]
    assert 7 < sound["until"] < 25
    assert f"0:05-0:25, the first {sound['until'] - 5:.0f} s" in page.text


def test_sounds_for_which_there_is_no_room_are_left_out_and_counted(read):
    cards = [call(n) for n in range(12)]
    bundle = hits_bundle(cards, title="", options=Options(budget=20_000))
    assert bundle_bytes(bundle) <= 20_000
    page = read(bundle["text/html"])
    hits = bundle[HITS_MIME]["hits"]
    kept = [each for each in hits if "audio" in each["sound"]]
    assert 0 < len(kept) == len(page.sounds) < len(hits)
    assert f"The sound of {len(hits) - len(kept)} hits is not kept" in page.text
    assert "too long to be kept here" in page.text


def test_photos_and_sounds_share_the_room(photo, read):
    cards = [call(n, picture=lambda n=n: photo(n)) for n in range(8)]
    bundle = hits_bundle(cards, title="")
    assert bundle_bytes(bundle) <= 65536
    page = read(bundle["text/html"])
    assert len(page.sounds) == len(page.images) == 8
    assert bundle_bytes(bundle) > 50_000


def test_a_recording_that_is_gone_says_so_in_its_place_and_the_rest_is_heard(read):
    def gone(_begin, _end):
        raise SourceError("calls/<i>call</i>.wav is gone: there is no such file.")

    lost = Stretch(1, 4, gone)
    bundle = hits_bundle([call(0, lost), call(1)], title="")
    page = read(bundle["text/html"])
    assert len(page.sounds) == 1
    assert "calls/<i>call</i>.wav is gone" in page.text
    assert "my parcel was <b>late</b>" in page.text
    told = bundle[HITS_MIME]["hits"]
    assert "is gone" in told[0]["sound"]["problem"]
    assert told[1]["sound"]["audio"] == 0


def test_silence_and_a_single_sample_are_drawn_and_played(read):
    def still(begin, end):
        return Sound(quiet(end - begin), RATE)

    def click(_begin, _end):
        return Sound(np.ones(1, np.float32), RATE)

    cards = [call(0, Stretch(0, 3, still)), call(1, Stretch(0, 1 / RATE, click))]
    page = read(hits_bundle(cards, title="")["text/html"])
    assert len(page.sounds) == len(page.images) == 2


def test_what_is_said_in_a_whole_recording_stands_below_its_waveform(read):
    said = tuple(Said(f"line {n} & more", n * 5.0, n * 5.0 + 4) for n in range(200))
    whole = stretch(0.0, 60.0, outline=lambda: levels(_LONG))
    bundle = hits_bundle([call(0, whole, said=said)], title="", options=Options(view="list"))
    assert bundle_bytes(bundle) <= 65536
    page = read(bundle["text/html"])
    assert "0:05-0:09 line 1 & more" in page.text
    assert "more: hits[0].parts has them all" in page.text
    (told,) = bundle[HITS_MIME]["hits"]
    assert told["said"][1] == {"start": 5.0, "end": 9.0, "text": "line 1 & more"}
    assert "until" in told["sound"] or told["sound"]["audio"] == 0


@settings(max_examples=15, deadline=None)
@given(
    lengths=st.lists(st.floats(0.01, 55), min_size=1, max_size=10),
    budget=st.integers(300, 90_000),
    view=st.sampled_from(["gallery", "table", "list"]),
)
def test_no_output_with_sound_is_larger_than_its_budget(lengths, budget, view):
    cards = [call(n, stretch(3.0, 3.0 + length)) for n, length in enumerate(lengths)]
    bundle = hits_bundle(cards, title="t", options=Options(view=view, budget=budget))
    assert bundle_bytes(bundle) <= budget
    if HITS_MIME in bundle:
        numbers = [
            each["sound"]["audio"] for each in bundle[HITS_MIME]["hits"] if "audio" in each["sound"]
        ]
        assert numbers == list(range(bundle["text/html"].count("<audio ")))


def test_a_waveform_is_small_and_shows_where_it_is_loud():
    loud = levels(np.concatenate([quiet(1), tone(440, 1)]))
    assert loud[:59].max() == 0
    assert loud[61:].min() > 0.2
    image = waveform(loud).convert("L")
    assert image.size == SIZE
    dark = np.asarray(image) < 150
    assert dark[:, : SIZE[0] // 2 - 4].mean() < 0.05
    assert dark[:, SIZE[0] // 2 + 4 :].mean() > 0.4


def test_fewer_samples_than_bars_are_no_trouble():
    assert levels(np.ones(3, np.float32)).shape == (120,)
    assert levels(np.zeros(0, np.float32)).max() == 0


def test_heat_lies_where_the_span_is_and_the_warmest_is_drawn_last():
    image = drawn(np.ones(100, np.float32), 50.0, [(10, 20, 1.0), (15, 30, 0.0)]).convert("RGB")
    middle = SIZE[1] // 2
    at = [image.getpixel((round(second / 50 * SIZE[0]) + 1, middle)) for second in (5, 17, 25, 40)]
    assert at == [(160, 163, 178), (214, 0, 96), (104, 110, 180), (160, 163, 178)]


def test_in_a_recording_of_hours_a_short_span_still_shows():
    image = drawn(np.ones(120, np.float32), 10_800.0, [(5_000, 5_004, 1.0)]).convert("RGB")
    assert any(image.getpixel((x, SIZE[1] // 2)) == (214, 0, 96) for x in range(SIZE[0]))


def test_an_explanation_tells_the_best_spans_and_plays_the_first(read):
    lines = [
        SpanLine(1 - n / 20, (("audio", 0.9 - n / 20), ("lexical", 2.5)), f"late {n}", stretch())
        for n in range(20)
    ]
    told = {
        "picture": drawn(levels(_LONG), 64.0, []), "alt": "where", "words": (), "text": "",
        "terms": ("late",), "notices": (), "lines": lines,
    }  # fmt: skip
    for budget in (65536, 20_000, 6_000):
        bundle = explanation_bundle("why", **told, budget=budget)
        assert bundle_bytes(bundle) <= budget
    page = read(explanation_bundle("why", **told, budget=65536)["text/html"])
    assert len(page.sounds) == 3
    assert "sound 0.9, words 2.5" in page.text
    assert "… and 12 more spans." in page.text
    assert page.tags.count("mark") == 8


def test_a_card_without_sound_says_nothing_of_it():
    (told,) = hits_bundle([replace(call(0), sound=None)], title="")[HITS_MIME]["hits"]
    assert "sound" not in told
    assert "said" not in told
