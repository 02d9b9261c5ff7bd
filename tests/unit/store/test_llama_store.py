"""A collection as a LlamaIndex vector store, with SimpleVectorStore as the reference."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from llama_index.core.schema import NodeRelationship, RelatedNodeInfo, TextNode
from llama_index.core.vector_stores.simple import SimpleVectorStore
from llama_index.core.vector_stores.types import (
    FilterOperator,
    MetadataFilter,
    MetadataFilters,
    VectorStoreQuery,
)
from llama_index.core.vector_stores.types import VectorStoreQueryMode as Mode

from mmrag_jupyter.errors import QueryError
from mmrag_jupyter.store.llama import CollectionVectorStore
from mmrag_jupyter.store.store import Store

SOURCE = NodeRelationship.SOURCE


def text_node(name, embedding=None, *, text=None, document=None, **metadata):
    source = {SOURCE: RelatedNodeInfo(node_id=document)} if document else {}
    return TextNode(
        id_=name, text=text or f"text of {name}", embedding=embedding, metadata=metadata,
        relationships=source,
    )  # fmt: skip


def ask(embedding=None, k=10, **fields):
    return VectorStoreQuery(query_embedding=embedding, similarity_top_k=k, **fields)


def only(key, value, operator="=="):
    return MetadataFilters(filters=[MetadataFilter(key=key, value=value, operator=operator)])


@pytest.fixture
def ours(tmp_path):
    with Store.create(tmp_path / "shop", "shop") as store:
        yield CollectionVectorStore(store)


@pytest.fixture(params=["reference", "ours"])
def any_store(request, tmp_path):
    if request.param == "reference":
        yield SimpleVectorStore()
        return
    with Store.create(tmp_path / "shop", "shop") as store:
        yield CollectionVectorStore(store)


FRUIT = [
    text_node("apple", [1.0, 0.0, 0.1], document="d1", color="red", price=3, tags=["sweet", "new"]),
    text_node("lime", [0.0, 2.0, 0.2], document="d1", color="green", price=1.5, tags=["sour"]),
    text_node("plum", [3.0, 3.0, 0.0], document="d2", color="blue", price=5, tags=[]),
    text_node("mystery", [-1.0, 0.2, 0.3]),
]


# What holds for the reference holds here.


def test_add_returns_the_ids_in_order(any_store):
    assert any_store.add(FRUIT) == ["apple", "lime", "plum", "mystery"]


def test_a_query_finds_the_nearest_by_cosine(any_store):
    any_store.add(FRUIT)
    found = any_store.query(ask([2.0, 0.1, 0.0], k=3))
    assert found.ids == ["apple", "plum", "lime"]
    expected = [0.9938, 0.7415, 0.0496]
    assert found.similarities == pytest.approx(expected, abs=1e-3)


def test_fewer_nodes_than_asked_for_are_all_returned(any_store):
    any_store.add(FRUIT)
    assert len(any_store.query(ask([1.0, 1.0, 1.0], k=100)).ids) == 4


def test_an_empty_store_finds_nothing(any_store):
    assert any_store.query(ask([1.0, 0.0])).ids == []


def test_adding_a_node_again_replaces_it(any_store):
    any_store.add(FRUIT)
    any_store.add([text_node("apple", [0.0, 0.0, 1.0], color="brown")])
    assert any_store.query(ask([0.0, 0.0, 1.0], k=1)).ids == ["apple"]
    assert any_store.query(ask([0.0, 0.0, 1.0], filters=only("color", "red"))).ids == []
    assert len(any_store.query(ask([1.0, 0.0, 0.0])).ids) == 4


def test_node_ids_restrict(any_store):
    any_store.add(FRUIT)
    found = any_store.query(ask([1.0, 0.0, 0.0], node_ids=["lime", "plum", "unknown"]))
    assert found.ids == ["plum", "lime"]


def test_delete_removes_the_nodes_of_a_document(any_store):
    any_store.add(FRUIT)
    any_store.delete("d1")
    any_store.delete("unknown")
    assert set(any_store.query(ask([1.0, 0.0, 0.0])).ids) == {"plum", "mystery"}


@pytest.mark.parametrize(
    ("node_ids", "filters", "left"),
    [
        (["apple", "unknown"], None, {"lime", "plum", "mystery"}),
        ([], None, {"apple", "lime", "plum", "mystery"}),
        (None, only("price", 2, ">"), {"lime", "mystery"}),
        (["apple", "lime"], only("price", 2, ">"), {"lime", "plum", "mystery"}),
        ([], only("price", 2, ">"), {"apple", "lime", "plum", "mystery"}),
    ],
)
def test_delete_nodes_removes_those_with_the_ids_that_pass(any_store, node_ids, filters, left):
    any_store.add(FRUIT)
    any_store.delete_nodes(node_ids, filters)
    assert set(any_store.query(ask([1.0, 0.0, 0.0])).ids) == left


def test_clear_removes_everything(any_store):
    any_store.add(FRUIT)
    any_store.clear()
    assert any_store.query(ask([1.0, 0.0, 0.0])).ids == []
    any_store.add(FRUIT)
    assert len(any_store.query(ask([1.0, 0.0, 0.0])).ids) == 4


@pytest.mark.parametrize(
    ("key", "operator", "value", "ids"),
    [
        ("color", "==", "red", "apple"),
        ("color", "!=", "red", "lime plum mystery"),
        ("price", ">", 1.5, "apple plum"),
        ("price", ">=", 1.5, "apple lime plum"),
        ("price", "<", 3, "lime"),
        ("price", "<=", 3, "apple lime"),
        ("color", "in", ["red", "blue"], "apple plum"),
        ("color", "nin", ["red", "blue"], "lime mystery"),
        ("tags", "any", ["sour", "new"], "apple lime"),
        ("tags", "all", ["sweet", "new"], "apple"),
        ("tags", "contains", "sour", "lime"),
        ("color", "text_match", "e", "apple lime plum"),
        ("color", "text_match_insensitive", "RE", "apple lime"),
        ("tags", "is_empty", None, "plum mystery"),
        ("doc_id", "==", "d1", "apple lime"),
        ("ref_doc_id", "==", "None", "mystery"),
        ("document_id", "!=", "d1", "plum mystery"),
        ("nowhere", "==", 1, ""),
    ],
)
def test_each_filter_operator_filters_before_the_search(any_store, key, operator, value, ids):
    any_store.add(FRUIT)
    filters = only(key, value, FilterOperator(operator))
    found = any_store.query(ask([0.3, 0.2, 0.1], filters=filters)).ids
    assert set(found) == set(ids.split())
    # With k = 1 one comes back whenever one passes.
    assert len(any_store.query(ask([0.3, 0.2, 0.1], k=1, filters=filters)).ids) == min(
        1, len(found)
    )


def test_a_filter_of_another_type_raises(any_store):
    any_store.add(FRUIT)
    with pytest.raises(TypeError):
        any_store.query(ask([1.0, 0.0, 0.0], filters=only("color", 5, ">")))


def test_mmr_with_threshold_one_is_the_plain_order(any_store):
    any_store.add(FRUIT)
    query = ask([2.0, 0.1, 0.0], k=3, mode=Mode.MMR)
    assert any_store.query(query, mmr_threshold=1.0).ids == ["apple", "plum", "lime"]


def test_mmr_prefers_what_is_unlike_the_first(any_store):
    any_store.add(
        [
            text_node("one", [1.0, 0.0, 0.0]),
            text_node("same", [1.0, 0.01, 0.0]),
            text_node("other", [0.6, 0.0, 0.8]),
        ]
    )
    query = ask([1.0, 0.0, 0.0], k=2, mode=Mode.MMR)
    found = any_store.query(query, mmr_threshold=0.3)
    assert found.ids == ["one", "other"]
    assert found.similarities == pytest.approx([0.3, -0.24], abs=1e-6)


def test_the_async_forms_do_the_same(any_store):
    async def use():
        ids = await any_store.async_add(FRUIT)
        await any_store.adelete("d1")
        await any_store.adelete_nodes(["mystery"])
        found = await any_store.aquery(ask([1.0, 0.0, 0.0]))
        await any_store.aclear()
        return ids, found.ids, (await any_store.aquery(ask([1.0, 0.0, 0.0]))).ids

    assert asyncio.run(use()) == (["apple", "lime", "plum", "mystery"], ["plum"], [])


def test_additions_side_by_side_wait_for_each_other(any_store):
    async def use():
        await asyncio.gather(*(any_store.async_add([node]) for node in FRUIT))

    asyncio.run(use())
    assert len(any_store.query(ask([1.0, 0.0, 0.0])).ids) == 4


vectors = st.lists(st.integers(-3, 3), min_size=3, max_size=3).filter(any)
metadata = st.dictionaries(
    st.sampled_from(["a", "b"]),
    st.one_of(st.integers(-2, 2), st.sampled_from(["x", "xy"]), st.none(), st.booleans(),
              st.lists(st.sampled_from(["x", "y"]), max_size=2), st.floats(-2, 2)),
)  # fmt: skip
filter_values = st.one_of(
    st.integers(-2, 2), st.sampled_from(["x", "xy"]), st.lists(st.sampled_from(["x", "y"]))
)
filter_sets = st.builds(
    MetadataFilters,
    filters=st.lists(
        st.builds(
            MetadataFilter,
            key=st.sampled_from(["a", "b", "c"]),
            value=filter_values,
            operator=st.sampled_from(list(FilterOperator)),
        ),
        max_size=2,
    ),
    condition=st.sampled_from(["and", "or", "not"]),
)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    nodes=st.lists(st.tuples(vectors, metadata), max_size=8),
    queries=st.lists(st.tuples(vectors, filter_sets, st.integers(1, 9)), min_size=3, max_size=3),
)
def test_any_query_finds_what_the_reference_finds(ours, nodes, queries):
    reference = SimpleVectorStore()
    ours.clear()
    made = [
        TextNode(id_=f"n{n}", text="x", embedding=vector, metadata=values)
        for n, (vector, values) in enumerate(nodes)
    ]
    for store in (reference, ours):
        store.add(made)
    for vector, filters, k in queries:
        query = ask([float(one) for one in vector], k=k, filters=filters)
        try:
            expected = reference.query(query)
        except TypeError:
            with pytest.raises(TypeError):
                ours.query(query)
            continue
        found = ours.query(query)
        # Equal scores may come in any order.
        assert found.similarities == pytest.approx(expected.similarities, abs=1e-5)
        everything = reference.query(ask(query.query_embedding, k=99, filters=filters))
        scores = dict(zip(everything.ids, everything.similarities, strict=True))
        assert [scores[one] for one in found.ids] == pytest.approx(found.similarities, abs=1e-5)


# What the reference has not.


def test_query_returns_whole_nodes_without_embeddings(ours):
    ours.add(FRUIT)
    found = ours.query(ask([1.0, 0.0, 0.0], k=1))
    dumped = FRUIT[0].model_dump(exclude={"embedding"})
    assert found.nodes[0].model_dump(exclude={"embedding"}) == dumped
    assert found.nodes[0].embedding is None


def test_empty_node_ids_and_doc_ids_restrict_nothing(ours):
    ours.add(FRUIT)
    assert len(ours.query(ask([1.0, 0.0, 0.0], node_ids=[], doc_ids=[])).ids) == 4
    assert len(ours.get_nodes([])) == 4


def test_doc_ids_restrict(ours):
    ours.add(FRUIT)
    assert set(ours.query(ask([1.0, 0.0, 0.0], doc_ids=["d1", "?"])).ids) == {"apple", "lime"}


@pytest.mark.parametrize("mode", [Mode.DEFAULT, Mode.TEXT_SEARCH, Mode.HYBRID, Mode.MMR])
def test_however_many_are_asked_for_no_more_are_ranked_than_there_are(ours, mode):
    ours.add([text_node(f"n{at}", [1.0, at], text=f"word {at}") for at in range(5)])
    query = ask([1.0, 0.0], k=10**12, mode=mode, query_str="word", mmr_threshold=0.5)
    assert sorted(ours.query(query).ids) == [f"n{at}" for at in range(5)]


def test_a_node_in_two_spaces_leaves_room_for_the_last_of_all(ours):
    ours.of("text").add([text_node(f"n{at}", [1.0, at]) for at in range(5)])
    with ours.client.writer() as writer:
        space = writer.add_space("other", None, 2, frozenset({"text"}))
        parts = np.array(ours.client.parts_without_vector(space, "text"))
        writer.put_vectors(space, parts[1:], np.array([[0, 1]] * 4, np.float32))
    assert len(ours.query(ask([0.0, 1.0], k=5)).ids) == 5


def test_nested_filters(ours):
    ours.add(FRUIT)
    cheap, blue, first = only("price", 2, "<"), only("color", "blue"), only("doc_id", "d1")
    inner = MetadataFilters(filters=[cheap, blue], condition="or")
    filters = MetadataFilters(filters=[inner, first])
    assert ours.query(ask([1.0, 0.0, 0.0], filters=filters)).ids == ["lime"]


def test_get_nodes_returns_those_asked_for_in_order_that_pass(ours):
    ours.add(FRUIT)
    names = [node.node_id for node in ours.get_nodes(["plum", "?", "lime", "apple"])]
    assert names == ["plum", "lime", "apple"]
    assert [node.node_id for node in ours.get_nodes(filters=only("price", 2, ">"))] == [
        "apple",
        "plum",
    ]
    assert asyncio.run(ours.aget_nodes(["plum"], only("price", 2, ">")))[0].node_id == "plum"


def test_text_search_ranks_by_words(ours):
    ours.add([text_node("a", text="red running shoes"), text_node("b", text="red wine")])
    for mode in ("text_search", "sparse", Mode.SPARSE):
        found = ours.query(ask(query_str="running (red)*", mode=mode))
        assert found.ids == ["a", "b"]
        assert found.similarities[0] > found.similarities[1] > 0


def test_sparse_top_k_limits_words_and_hybrid_top_k_all(ours):
    nodes = [text_node(f"n{n}", [1.0, n], text="word " * (n + 1)) for n in range(6)]
    ours.add(nodes)
    sparse = ask(query_str="word", mode=Mode.SPARSE, sparse_top_k=2)
    assert len(ours.query(sparse).ids) == 2
    fields = {"query_str": "word", "mode": Mode.HYBRID}
    assert len(ours.query(ask([1.0, 0.0], k=3, sparse_top_k=4, hybrid_top_k=5, **fields)).ids) == 5
    assert len(ours.query(ask([1.0, 0.0], k=3, sparse_top_k=4, **fields)).ids) == 3


@pytest.mark.parametrize(
    ("alpha", "first"), [(0.0, "word"), (0.2, "word"), (0.8, "near"), (1.0, "near")]
)
def test_alpha_weighs_vectors_against_words(ours, alpha, first):
    ours.add([
        text_node("near", [1.0, 0.0], text="something else"),
        text_node("word", [0.0, 1.0], text="exactly this"),
        text_node("middle", [0.7, 0.7], text="this or something"),
    ])  # fmt: skip
    mode = Mode.HYBRID
    found = ours.query(ask([1.0, 0.0], k=3, query_str="exactly this", alpha=alpha, mode=mode))
    assert found.ids[0] == first
    assert all(0 <= score <= 1 for score in found.similarities)


def test_mmr_agrees_with_its_definition(ours):
    rng = np.random.default_rng(3)
    vectors = rng.normal(size=(40, 8))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    ours.add([text_node(f"n{n}", vector.tolist()) for n, vector in enumerate(vectors)])
    query = vectors[0] + 0.5 * vectors[1]
    relevance = vectors @ (query / np.linalg.norm(query))
    chosen = []
    while len(chosen) < 6:

        def score(n):
            overlap = max((float(vectors[n] @ vectors[m]) for m in chosen), default=0.0)
            return 0.3 * relevance[n] - 0.7 * overlap

        chosen.append(max(set(range(40)) - set(chosen), key=score))
    found = ours.query(ask(query.tolist(), k=6, mode=Mode.MMR, mmr_threshold=0.3))
    assert found.ids == [f"n{n}" for n in chosen]


X = [1.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (ask(), "Query mode 'default' needs query_embedding"),
        (ask([1.0, 0.0]), r"has 2 numbers; collection 'shop' has the spaces llama-index:3 \(3\)"),
        (ask([0.0, 0.0, 0.0]), "zero or not finite"),
        (ask([float("nan"), 0.0, 0.0]), "zero or not finite"),
        (ask(X, mode=Mode.TEXT_SEARCH), "'text_search' needs query_str"),
        (ask(X, mode=Mode.HYBRID), "'hybrid' needs query_str"),
        (ask(X, query_str="x", alpha=2.0, mode=Mode.HYBRID), r"alpha is 2\.0"),
        (ask(X, mode=Mode.MMR, mmr_threshold=-1.0), r"mmr_threshold is -1\.0"),
        (ask(X, mode=Mode.SVM), "'svm' is not supported; use default, text"),
    ],
)
def test_a_query_that_cannot_be_answered_says_why(ours, query, message):
    ours.add(FRUIT)
    with pytest.raises(QueryError, match=message) as caught:
        ours.query(query)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "bad", [[0.0, 0.0, 0.0], [float("nan"), 1.0, 1.0], [float("inf"), 1.0, 1.0]]
)
def test_a_bad_embedding_stops_the_whole_call(ours, bad):
    with pytest.raises(QueryError, match="node 'bad' is zero or not finite"):
        ours.add([*FRUIT, text_node("bad", bad)])
    assert len(ours.client) == 0


def test_of_equal_ids_in_one_call_the_last_counts(ours):
    added = ours.add(
        [text_node("a", [1.0, 0.0]), text_node("b", [1.0, 0.1]), text_node("a", [0.0, 1.0])]
    )
    assert added == ["a", "b", "a"]
    assert ours.query(ask([0.0, 1.0], k=1)).ids == ["a"]
    assert len(ours.client) == 2


def test_deleting_nothing_in_particular_is_refused(ours):
    ours.add(FRUIT)
    with pytest.raises(QueryError, match=r"clear\(\) deletes all"):
        ours.delete_nodes()
    assert len(ours.client) == 4


def test_persist_says_that_all_is_on_disk_already(ours, caplog):
    ours.add(FRUIT)
    with caplog.at_level("INFO"):
        ours.persist("anywhere/default__vector_store.json")
    assert "durable" in caplog.text
    folder = ours.client.folder
    for again in (
        CollectionVectorStore.from_persist_dir(str(folder)),
        CollectionVectorStore.from_persist_path(str(folder)),
        CollectionVectorStore.from_persist_path(str(folder / "default__vector_store.json")),
    ):
        assert len(again.query(ask([1.0, 0.0, 0.0])).ids) == 4
        again.client.close()


def test_it_describes_itself(ours):
    assert ours.class_name() == "CollectionVectorStore"
    assert ours.stores_text
    assert ours.is_embedding_query
    assert ours.to_dict()["folder"] == str(ours.client.folder)
    assert isinstance(ours.client, Store)
