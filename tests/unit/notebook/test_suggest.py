from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from mmrag_jupyter.notebook.commands import COMMANDS
from mmrag_jupyter.notebook.namespace import Namespace
from mmrag_jupyter.notebook.suggest import suggest
from mmrag_jupyter.notebook.words import split

FRAME = pd.DataFrame(columns=["name", "description", "unit price", 'a"b', "class"])
NAMES = Namespace({}, {"products": FRAME, "photo": Image.new("1", (1, 1)), "_x": FRAME, "n": 1})


@pytest.fixture
def complete(session, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    (tmp_path / "my photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").touch()
    (tmp_path / ".hidden").touch()
    (tmp_path / "shop.csv").touch()

    def completed(line):
        """Return the lines that choosing each suggestion gives; | is the cursor."""
        before, _, after = line.partition("|")
        found = suggest(before, after, session, NAMES)
        assert before.endswith(found.fragment)
        return [before[: len(before) - len(found.fragment)] + word for word in found.words]

    return completed


def test_commands(complete):
    assert complete("") == list(COMMANDS)
    assert complete(" l") == [" load", " list"]
    assert complete("help pro") == ["help problems"]


def test_options_of_the_command(complete):
    assert complete("drop products --") == ["drop products --yes"]
    assert complete("query red --w") == ["query red --where", "query red --weights"]
    assert "query red --where" in complete("query red ")
    assert "query --image" in complete("query ")


def test_an_option_given_is_not_offered_again_unless_it_may_be(complete):
    assert complete("query red --view list --vi") == ["query red --view list --vi"]
    assert complete("query --image x --im") == ["query --image x --image"]


def test_choices(complete):
    assert complete("query a --view ") == [
        f"query a --view {view}" for view in ("auto", "gallery", "table", "list")
    ]
    assert complete("query a --view=ga") == ["query a --view=gallery"]
    assert complete("load t --on-error ra") == ["load t --on-error raise"]
    assert complete("query a --modality text,im") == ["query a --modality text,image"]
    assert complete("query a --weights text=2,im") == ["query a --weights text=2,image="]


def test_collections_open_or_on_disk(complete):
    assert complete("use ph") == ["use photos"]
    assert complete("query a --in ") == [
        'query a --in "old stock"',
        "query a --in photos",
        "query a --in products",
    ]
    assert complete('use "old') == ['use "old stock']


def test_sources_are_dataframes_and_paths(complete):
    assert complete("load pro") == ["load products"]
    assert complete("load ph") == ["load photos/"]
    assert complete("load ") == [
        "load products",
        'load "my photos/',
        "load photos/",
        "load shop.csv",
    ]


def test_paths(complete):
    assert complete("load ./photos/c") == ["load ./photos/cat.jpg"]
    assert complete("load .h") == ["load .hidden"]
    assert complete("query --image ph") == ["query --image photo", "query --image photos/"]
    assert complete("save s") == ["save s"]
    assert complete("save my") == ['save "my photos/']
    assert complete("save 'my") == ["save 'my photos/"]
    assert complete("save my\\ ph") == ['save "my photos/']


def test_columns_of_the_dataframe_in_the_line(complete):
    assert complete("load products --text na") == ["load products --text name"]
    assert complete("load products --text name,de") == ["load products --text name,description"]
    assert complete("load products --text name, de") == ["load products --text name, description"]
    assert complete("load products --id cl") == ["load products --id class"]
    assert complete("load products --text=name,de") == ["load products --text=name,description"]
    assert complete("load other --text na") == ["load other --text na"]


def test_a_column_that_needs_quotes_gets_them(complete):
    assert complete("load products --text name,un") == ['load products --text "name,unit price"']
    assert complete('load products --text "name,un') == ['load products --text "name,unit price']
    assert complete('load products --id "a') == [r'load products --id "a\"b']


def test_a_column_already_named_is_not_offered_again(complete):
    assert "load products --text name,name" not in complete("load products --text name,")


def test_the_dataframe_may_stand_behind_the_cursor(complete):
    assert complete("load --text na| products") == ["load --text name"]
    assert complete("load --text na|me products") == ["load --text name"]


def test_columns_of_the_collection_in_a_condition(complete):
    assert complete('query red --where "pr') == ['query red --where "price']
    assert complete('query red --where "price < 5 and na') == [
        'query red --where "price < 5 and name'
    ]
    assert complete("delete --where pr") == ["delete --where price"]
    assert complete("query red --in photos --where 'pa") == ["query red --in photos --where 'path"]
    assert complete('query a --where "pa| --in photos') == ['query a --where "path']


def test_columns_that_are_no_plain_names_are_backquoted(complete):
    assert complete('query red --where "un') == ['query red --where "`unit price`']
    assert complete('query red --where "`un') == ['query red --where "`unit price`']
    assert 'query red --where "`unit price`' in complete('query red --where "')
    assert 'query red --where "`in`' in complete('query red --where "')


def test_a_string_within_a_condition_is_left_alone(complete):
    line = "query red --where \"name == 'pr"
    assert complete(line) == [line]


def test_ids_of_the_collection(complete):
    assert complete("show A") == ["show A-1", "show A-2"]
    assert complete("query --like B") == ['query --like "B 3"']
    assert complete("delete A-1 A-2 --in photos c") == ["delete A-1 A-2 --in photos cat.jpg"]


def test_a_collection_that_is_not_open_stays_closed(complete, session, monkeypatch):
    monkeypatch.setattr(session, "collection", None)
    assert complete("show A --in 'old stock'") == ["show A --in 'old stock'"]
    assert complete('query a --in "old stock" --where "na') == [
        'query a --in "old stock" --where "na'
    ]


@pytest.mark.parametrize(
    "line", ["query red sh", "nonsense ", "query a --out h", "query a -k 3", 'query "red"']
)
def test_text_and_numbers_are_left_alone(complete, line):
    assert complete(line) == [line]


_WORDS = st.sampled_from([*COMMANDS, "--where", "--text", "--in=", "products", '"', "'", ",", "`"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    before=st.lists(_WORDS | st.text(max_size=4)).map(" ".join),
    after=st.text(max_size=10),
)
def test_any_line_gets_suggestions_that_fit(session, before, after):
    found = suggest(before, after, session, NAMES)
    assert before.endswith(found.fragment)
    assert found.words
    assert len(split(before)) - 1 <= len(split(before[: len(before) - len(found.fragment)]))
