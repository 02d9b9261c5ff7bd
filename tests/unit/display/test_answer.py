"""An answer as HTML, JSON and text: what it shows, within its budget, whatever it holds."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from mmrag_jupyter.display.answer import answer_bundle, draft_html
from mmrag_jupyter.display.answer_parts import ANSWER_MIME, Reference, Reply
from mmrag_jupyter.display.budget import bundle_bytes
from mmrag_jupyter.display.cards import Options
from mmrag_jupyter.display.markdown import parsed
from mmrag_jupyter.display.stretches import RATE, Stretch
from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.items import Sound

EVIL = "</div><script>alert(1)</script>\"' onmouseover='x'\u202e\x00"


def noise(seed=0, size=(400, 300)):
    rng = np.random.default_rng(seed)
    return Image.fromarray(rng.integers(0, 255, (size[1], size[0], 3), dtype=np.uint8))


def source(key=1, **changes):
    return Reference(**{
        "key": key, "item": f"item{key}", "part": f"part{key}", "title": f"Title {key}",
        "quote": "The sole is made of cork.", "place": "p. 3", "page": 3, **changes,
    })  # fmt: skip


def reply(text="The sole is cork [1].", sources=None, **changes):
    return Reply(
        "What is the sole?",
        text,
        parsed(text),
        tuple([source()] if sources is None else sources),
        **changes,
    )


class Tags(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.found = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def all(self, tag):
        return [attrs for name, attrs in self.found if name == tag]


def html(answer, **options):
    return answer_bundle(answer, options=Options(**options))["text/html"]


def test_a_citation_leads_to_its_source():
    tags = Tags(html(reply()))
    [link] = tags.all("a")
    assert link["href"].startswith("#mmrag-")
    assert link["title"] == "Title 1, p. 3"
    assert link["href"][1:] in {attrs.get("id") for _, attrs in tags.found}
    assert "The sole is made of cork." in tags.text


def test_two_answers_on_a_page_have_places_of_their_own():
    one, other = html(reply()), html(reply("Felt [1]."))
    assert set(re.findall(r'id="(mmrag-\w+-1)"', one)).isdisjoint(
        re.findall(r'id="([^"]+)"', other)
    )


def test_struck_and_unknown_citations_lead_nowhere():
    drawing = html(reply("Cork ~~[9]~~ [7] [1]."))
    assert "<s>[9]</s>" in drawing
    assert "<s>[7]</s>" in drawing
    assert len(Tags(drawing).all("a")) == 1


def test_a_source_shows_picture_columns_and_place():
    shown = source(fields=(("price", "59.9"),), picture=noise, alt="a red shoe")
    tags = Tags(html(reply(sources=[shown])))
    [picture] = tags.all("img")
    assert picture["src"].startswith("data:image/")
    assert picture["alt"] == "a red shoe"
    assert int(picture["width"]) <= 200
    assert "price:" in tags.text
    assert "59.9" in tags.text
    assert "p. 3" in tags.text


def test_a_picture_that_cannot_be_opened_is_told_in_its_place():
    def gone():
        raise OSError("the disk is away")

    bundle = answer_bundle(reply(sources=[source(picture=gone)]))
    assert "the disk is away" in bundle["text/html"]
    assert bundle[ANSWER_MIME]["sources"][0]["problem"] == "the disk is away"


def test_quotes_stand_once():
    assert html(reply(quoted=True)).count("The sole is made of cork.") == 0
    assert html(reply()).count("made of cork") == 1


def test_words_of_the_question_are_marked_in_quotes():
    assert "<mark" in html(reply(terms=("sole",)))


def test_the_json_is_what_the_docstring_says():
    data = answer_bundle(
        reply(
            "Cork [1] or ~~[9]~~.",
            [source(picture=noise), source(2, page=None, place="")],
            model="hf:m", cached=True, others=3, notices=("a line",), seconds={"writing": 1.23456},
        )
    )[ANSWER_MIME]  # fmt: skip
    assert data.keys() == {
        "version", "question", "text", "prose", "model", "state", "cached", "notices", "seconds",
        "sources", "others",
    }  # fmt: skip
    assert data["version"] == 1
    assert data["prose"][0]["inside"][1] == {"cite": 1}
    assert data["seconds"] == {"writing": 1.235}
    first, second = data["sources"]
    assert first["thumbnail"] == {"image": 0, "width": 400, "height": 300}
    assert first["page"] == 3
    assert "page" not in second
    assert second["thumbnail"] is None
    json.dumps(data, allow_nan=False)


def test_pictures_are_counted_as_they_stand_in_the_html():
    sources = [source(1), source(2, picture=noise), source(3, picture=lambda: noise(3))]
    bundle = answer_bundle(reply("[1][2][3]", sources))
    images = Tags(bundle["text/html"]).all("img")
    told = [one["thumbnail"] for one in bundle[ANSWER_MIME]["sources"]]
    assert [one and one["image"] for one in told] == [None, 0, 1]
    assert len(images) == 2


def test_the_plain_text_has_answer_and_sources():
    text = answer_bundle(reply(notices=("a line",), model="hf:m"))["text/plain"]
    assert text.splitlines()[:3] == ["What is the sole?", "a line", "The sole is cork [1]."]
    assert "[1] Title 1 (item1), p. 3: “The sole is made of cork.”" in text
    assert "written by hf:m" in text


@pytest.mark.parametrize("budget", [4096, 16384, 65536])
@pytest.mark.parametrize("length", [10, 3000, 200_000])
def test_the_output_keeps_to_its_budget(budget, length):
    text = "The sole is cork [1]. " * (length // 20 + 1)
    sources = [
        source(n, picture=lambda n=n: noise(n), quote="word " * 80, fields=(("a", "b" * 80),) * 8)
        for n in range(1, 13)
    ]
    bundle = answer_bundle(
        reply(text, sources, notices=("n" * 400,) * 12), options=Options(budget=budget)
    )
    assert bundle_bytes(bundle) <= budget
    if len(text) > 20_000:
        assert "answer.text has it" in bundle["text/plain"]


def test_a_text_that_was_cut_says_so_in_the_json():
    bundle = answer_bundle(reply("word " * 10_000))
    assert bundle[ANSWER_MIME]["state"] == "cut"
    assert bundle[ANSWER_MIME]["text"].endswith("…")


def test_whatever_stands_in_the_data_is_shown_and_does_nothing():
    evil = Reference(
        1, EVIL, EVIL, EVIL, EVIL, "", ((EVIL, EVIL),), noise, EVIL, EVIL
    )  # fmt: skip
    bundle = answer_bundle(
        Reply(
            EVIL, EVIL + "[1]", parsed(EVIL + "[1]"), (evil,), EVIL, notices=(EVIL,), terms=(EVIL,)
        )
    )
    tags = Tags(bundle["text/html"])
    assert not tags.all("script")
    for _, attrs in tags.found:
        assert not [name for name in attrs if name.startswith("on")]
    for form in bundle.values():
        said = form if isinstance(form, str) else json.dumps(form, ensure_ascii=False)
        assert "\x00" not in said
        assert "\u202e" not in said


def test_nothing_is_cited_nothing_stands_beside():
    drawing = html(reply("Not in the collection.", [], state="unsupported"))
    assert "Not in the collection." in drawing
    assert "display:flex" not in drawing


def test_a_draft_shows_the_text_so_far_and_that_more_is_to_come():
    drawing = draft_html("What <is> it?", parsed("Cork [1] ~~[9]~~ <b>"), "m is writing")
    assert "What &lt;is&gt; it?" in drawing
    assert "<s>[9]</s>" in drawing
    assert "<progress>" in drawing
    assert "&lt;b&gt;" in drawing


def spoken(seconds=7.0, fails=""):
    def read(begin, last):
        if fails:
            raise SourceError(fails)
        return noise_of(last - begin)

    return {"sound": Stretch(5.0, 5.0 + seconds, read), "start": 5.0, "end": 5.0 + seconds,
            "page": None, "place": "0:05-0:12"}  # fmt: skip


def noise_of(seconds):
    rng = np.random.default_rng(0)
    return Sound(rng.normal(0, 0.1, round(seconds * RATE)).astype(np.float32), RATE)


def test_a_cited_recording_plays_from_the_second_that_is_quoted():
    made = answer_bundle(reply(sources=[source(**spoken()), source(2), source(3, **spoken(3))],
                               text="Late [1], says she [3], says the manual [2]."))  # fmt: skip
    players = Tags(made["text/html"]).all("audio")
    assert [one["src"][:22] for one in players] == ["data:audio/ogg;base64,"] * 2
    told = made[ANSWER_MIME]["sources"]
    assert [one.get("audio") for one in told] == [0, None, 1]
    assert [one.get("start") for one in told] == [5.0, None, 5.0]
    assert "until" not in told[0]


def test_a_cited_recording_that_is_gone_says_so_and_the_rest_is_heard():
    gone = source(**spoken(fails="calls/a.wav is gone."))
    made = answer_bundle(reply(sources=[gone, source(2, **spoken())], text="Late [1] [2]."))
    tags = Tags(made["text/html"])
    assert len(tags.all("audio")) == 1
    assert "calls/a.wav is gone." in tags.text
    told = made[ANSWER_MIME]["sources"]
    assert told[0]["problem"] == "calls/a.wav is gone."
    assert told[1]["audio"] == 0


@pytest.mark.parametrize("budget", [4_000, 12_000, 30_000, 65_536])
def test_recordings_and_pictures_of_an_answer_keep_to_its_budget(budget):
    sources = [source(key, **spoken(30)) for key in (1, 2, 3)]
    sources.append(source(4, picture=noise))
    made = answer_bundle(reply(sources=sources, text="Late [1] [2] [3] [4]."),
                         options=Options(budget=budget))  # fmt: skip
    assert bundle_bytes(made) <= budget
    if budget > 20_000:
        assert len(Tags(made["text/html"]).all("audio")) == 3
        assert len(Tags(made["text/html"]).all("img")) == 1
        assert all(one["until"] < 35 for one in made[ANSWER_MIME]["sources"][:3])
