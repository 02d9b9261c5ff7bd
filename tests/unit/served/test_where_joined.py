"""A condition on joined rows means the same in every store: random ones, beside SQLite."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from served_places import ENGINES, Place, place_of
from toys import ToyEmbedder
from where_conditions import combined

from mmrag_jupyter.config import Config
from mmrag_jupyter.errors import WhereError
from mmrag_jupyter.session import Session
from mmrag_jupyter.store import Store
from mmrag_jupyter.store.llama import CollectionVectorStore

SQL = {"lancedb", "postgresql"}
ITEMS = pd.DataFrame({
    "sku": [f"i{at}" for at in range(16)],
    "title": [f"thing {at}" for at in range(16)],
    "price": [None if at % 5 == 4 else at * 3.5 for at in range(16)],
    "brand": [("Acme", "Bell", None, "zebra")[at % 4] for at in range(16)],
    "sold": [at % 3 == 0 for at in range(16)],
})  # fmt: skip
REVIEWS = pd.DataFrame({
    "of": [f"i{(at * at + at // 3) % 13}" for at in range(40)],
    "stars": pd.array([None if at % 6 == 5 else at % 5 + 1 for at in range(40)], "Int64"),
    "author": [("Ann", "Ben", None, "it's")[at % 4] for at in range(40)],
    "price": [None if at % 7 == 3 else at * 1.25 for at in range(40)],
    "day": pd.date_range("2024-01-01", periods=40, freq="17h"),
    "mixed": pd.Series([at if at % 2 else f"v{at % 7}" for at in range(40)], dtype=object),
    "body": [f"said thing {at}" for at in range(40)],
})  # fmt: skip
MAKERS = pd.DataFrame(
    {
        "brand": ["Acme", "Acme", "Bell", "Bell", "nobody"],
        "year": [1990, 2000, 1995, None, 2005],
        "place": ["Peru", "Chile", None, "Peru", "Cuba"],
        "about": ["old thing", "new thing", "big thing", "far thing", "no thing"],
    }
)


@pytest.fixture(scope="module", params=[*ENGINES, "llama"])
def pair(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("where")
    if request.param == "llama":
        nodes = CollectionVectorStore(Store.create(folder / "nodes", "nodes"))
        place = Place("llama", nodes, folder)
    else:
        place = place_of(request.param, folder, request)
    here = Session(Config(root=str(folder / "here")))
    both = []
    for session, more in ((place.session(), {"store": place.store}), (here, {})):
        given_ = {"text": "title", "id": "sku", "model": ToyEmbedder(), "progress": False, **more}
        made = session.load(ITEMS, "things", **given_)
        made.load(REVIEWS, on="of=sku", text="body", called="reviews", key="r", progress=False)
        made.load(MAKERS, on="brand", text="about", called="makers", key="m", progress=False)
        both.append(made)
    yield request.param, *both
    both[0].close()


sign = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
equal = st.sampled_from(["==", "!="])
number = st.integers(0, 6).map(str)
plain = st.one_of(
    st.builds("stars {} {}".format, sign, number),
    st.builds("author {} '{}'".format, equal, st.sampled_from(["Ann", "Ben", "Eve"])),
    st.sampled_from(["author in ['Ann', \"it's\"]", "author not in ['Ann']", "author is null"]),
    st.builds("{} is {}null".format, st.sampled_from(["stars", "of", "mixed", "reviews.price"]),
              st.sampled_from(["", "not "])),
    st.builds("stars in [{}, {}]".format, number, number),
    st.builds("reviews.price {} {}".format, sign, st.integers(0, 50)),
    st.builds("price {} {}".format, sign, st.integers(0, 50)),
    st.builds("mixed != 'v{}'".format, number),
    st.builds("mixed in [{}, 'v2']".format, number),
    st.builds("brand {} '{}'".format, equal, st.sampled_from(["Acme", "zebra"])),
    st.sampled_from(["sold", "not sold", "sold is True", "True", "price is null"]),
)  # fmt: skip
dated = st.builds("day {} '2024-01-{:02}'".format, sign, st.integers(1, 28))
makers = st.one_of(
    st.builds("year {} {}".format, sign, st.integers(1989, 2006)),
    st.sampled_from(["place == 'Peru'", "place is null", "year is null", "makers.brand == 'Bell'"]),
)
richer = st.one_of(
    st.sampled_from(["author like 'A%'", "author glob '*n'", "author < 'B'", "author > brand"]),
    st.builds("reviews.price {} price".format, sign),
    st.builds("stars * 10 {} price".format, sign),
    st.builds("length(author) {} 3".format, sign),
    st.builds("abs(stars - 3) {} 1".format, sign),
)


def same(pair, where):
    """Check that a condition chooses the same items, and the same of their parts."""
    _, elsewhere, here = pair
    chosen = []
    for own in (elsewhere, here):
        store = own.store
        within = store.select(where=where)
        found, _ = store.lexical("thing", 1000, within)
        parts = sorted(row.node_id for row in store.parts(found.tolist()))
        ids = [row.id for row in store.items(store.matching(where))]
        near, _ = store.nearest(store.spaces()[0].number, _query(store), 100, within)
        nearest = sorted(row.node_id for row in store.parts(near[near >= 0].tolist()))
        chosen.append((ids, parts, nearest, within.count))
    assert chosen[0] == chosen[1]


def _query(store):
    space = store.spaces()[0]
    return store.vectors(space.number, [store.parts_of(store.numbers()[:1])[0].part])


slow = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=slow)
@given(data=st.data())
def test_a_condition_on_rows_chooses_the_same_as_in_a_folder(pair, data):
    leaves = {"llama": plain}.get(pair[0], st.one_of(plain, dated))
    same(pair, data.draw(combined(st.one_of(leaves, richer) if pair[0] in SQL else leaves, 4)))


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=slow)
@given(data=st.data())
def test_a_condition_on_several_tables_chooses_the_same_as_in_a_folder(pair, data):
    """They are combined here, whatever the store has words for."""
    one, other = data.draw(st.one_of(plain, dated, richer)), data.draw(makers)
    rest = data.draw(combined(st.one_of(plain, dated, richer, makers), 4))
    how = data.draw(
        st.sampled_from(["{} and {} or {}", "{} or ({} and {})", "not {} and {} or {}"])
    )
    same(pair, how.format(f"({one})", f"({other})", f"({rest})"))


@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=slow)
@given(where=combined(makers))
def test_a_condition_on_rows_of_several_items_chooses_the_same(pair, where):
    same(pair, where)


@pytest.mark.parametrize("where", ["author like 'A%'", "length(author) > 2", "stars < price"])
def test_what_has_no_word_is_named(pair, where):
    kind, elsewhere, _ = pair
    if kind in SQL or (kind == "milvus" and where == "stars < price"):
        same(pair, where)
        return
    with pytest.raises(WhereError, match="cannot be asked for") as error:
        elsewhere.items(where=f"sold and {where}")
    assert "author" in str(error.value) or "stars < price" in str(error.value)
    assert "sold" not in str(error.value)
    assert "\n" not in str(error.value)
