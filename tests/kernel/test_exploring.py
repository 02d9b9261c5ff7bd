"""A collection at a glance, in a real kernel: each command shows itself and is a value."""

from __future__ import annotations

import re

import pytest

VIEW = "application/vnd.jupyter.widget-view+json"
HATS = """
import pandas as pd
from PIL import Image
colours = {"red": (220, 30, 30), "blue": (30, 30, 220), "green": (30, 200, 30)}
hats = pd.DataFrame(
    {
        "photo": [Image.new("RGB", (32, 32), one) for one in [*colours.values()] * 3],
        "title": [f"hat {at}" for at in range(9)],
        "colour": [*colours] * 3,
        "price": [float(at) for at in range(9)],
    }
)
"""


@pytest.fixture(scope="module")
def hats(kernel):
    kernel.ok(HATS)
    kernel.ok("%mmrag load hats --image photo --text title --model builtin")
    return kernel


def test_duplicates_show_their_groups_and_can_be_deleted(hats):
    ran = hats.ok("twins = %mmrag duplicates --modality image\ntwins")
    assert "3 groups of duplicates" in ran.text
    assert ran.result["text/html"].count("<img") >= 6
    assert "differ in title, price" in ran.text
    assert hats.ok("len(twins), twins.rest[:2]").text == "(3, ['3', '6'])"
    assert hats.ok("twins.to_pandas().columns.tolist()").text.startswith("['group', 'id', 'kind'")


def test_outliers_clusters_and_facets_show_themselves(hats):
    assert "farthest from their like" in hats.ok("%mmrag outliers -k 3").text
    ran = hats.ok("found = %mmrag clusters -k 3 --modality image\nfound")
    assert "9 items in 3 clusters" in ran.text
    assert "<img" in ran.result["text/html"]
    assert hats.ok("sorted(found.names)").text == "['blue', 'green', 'red']"
    ran = hats.ok('counts = %mmrag facets --where "price < 6"\ncounts')
    assert "of 6 items" in ran.text
    assert "<meter" in ran.result["text/html"]
    of_colours = "counts.to_pandas().query('column == \"colour\"')['count'].sum()"
    assert hats.ok(f"int({of_colours})").text == "6"


def test_a_map_is_a_picture_that_stays_and_beside_it_a_widget(hats):
    ran = hats.ok("m = %mmrag map --color colour --layout pca\nm")
    still = [data for _, _, data in ran.displays if "data:image/png" in data.get("text/html", "")]
    assert len(still) == 1
    # One output with both would show "model not found" in place of the picture.
    assert VIEW not in still[0]
    assert "9 items" in still[0]["text/plain"]
    live = [data for _, _, data in ran.displays if VIEW in data]
    has_widget = hats.ok("m.has_widget").text == "True"
    assert len(live) == has_widget
    # Where no widget can be shown, nothing stands for it.
    assert {(one["text/html"], one["text/plain"]) for one in live} <= {("", "")}
    assert hats.ok("m.to_pandas().columns.tolist()[:3]").text == "['id', 'x', 'y']"
    assert hats.ok("len(m.selection)").text == "0"


def test_a_map_that_is_assigned_shows_nothing(hats):
    ran = hats.ok("kept = %mmrag map")
    assert not ran.displays
    assert not ran.result


def test_unloading_takes_the_display_of_maps_away(hats):
    hats.ok("m = %mmrag map")
    hats.ok("%unload_ext mmrag_jupyter")
    ran = hats.ok("m")
    assert "data:image/png" in ran.result["text/html"]
    assert not any(VIEW in data for _, _, data in ran.displays)
    hats.ok("%load_ext mmrag_jupyter")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("%mmrag map --color colr", "Did you mean 'colour'?"),
        ("%mmrag map --layout tsne", "umap"),
        ("%mmrag map --sample 0", "0"),
        ("%mmrag clusters -k 50", "9 items can be in 1 to 9 clusters, not in 50."),
        ("%mmrag duplicates --near 3", "above 0 and at most 1, not 3."),
        ("%mmrag duplicates --near much", "--near takes a number from 0 to 1, not 'much'."),
        ("%mmrag outliers --modality audio", "by audio"),
        ('%mmrag facets --where "nosuch = 1"', "nosuch"),
    ],
)
def test_what_cannot_be_is_told_in_a_line(hats, line, said):
    ran = hats.run(line)
    assert ran.status == "error"
    told = ran.stderr or "\n".join(ran.error["traceback"])
    assert said in told
    assert len(re.sub(r"\x1b\[[0-9;]*m", "", told).strip().splitlines()) == 1


def test_names_of_commands_and_columns_are_completed(hats):
    assert "%mmrag duplicates" in hats.complete("%mmrag dup|")
    assert any("colour" in one for one in hats.complete("%mmrag map --color col|"))
    assert any("umap" in one for one in hats.complete("%mmrag map --layout u|"))
