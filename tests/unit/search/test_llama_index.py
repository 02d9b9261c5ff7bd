"""LlamaIndex's index, retriever and engines over a collection; and each fault of the stock."""

from __future__ import annotations

import asyncio
import base64
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from llama_index.core import StorageContext, VectorStoreIndex
from llama_index.core.indices import MultiModalVectorStoreIndex
from llama_index.core.llms import MockLLM
from llama_index.core.memory import ChatMemoryBuffer
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.schema import (
    Document,
    ImageDocument,
    ImageNode,
    IndexNode,
    MediaResource,
    Node,
    NodeRelationship,
    NodeWithScore,
    QueryBundle,
    RelatedNodeInfo,
    TextNode,
)
from llama_index.core.settings import Settings
from llama_index.core.vector_stores.types import MetadataFilter, MetadataFilters
from PIL import Image

from mmrag_jupyter.errors import MmragError, ModelError, QueryError, SourceError
from mmrag_jupyter.models.llama_embedding import as_llama
from mmrag_jupyter.search.llama_content import opened
from mmrag_jupyter.search.llama_index import CollectionIndex
from mmrag_jupyter.search.llama_retriever import fuse
from mmrag_jupyter.store.llama import CollectionVectorStore
from mmrag_jupyter.store.store import Store

WORDS = ["red", "green", "blue", "shoe", "hat", "coat"]


class Colors:
    """Embeds words and colours into one space: "red" lies near to a red picture."""

    name = "colors"
    dim = 8
    modalities = frozenset({"text", "image"})
    batch_size = 16

    def __init__(self):
        self.calls = []

    def embed_text(self, texts, *, query):
        self.calls.append(("query" if query else "text", len(texts)))
        found = [[word in text.lower() for word in WORDS] + [0.0, 0.1] for text in texts]
        return unit(found)

    def embed_image(self, images):
        self.calls.append(("image", len(images)))
        pixels = [image.resize((1, 1)).getpixel((0, 0)) for image in images]
        return unit([[*(np.array(pixel) / 255), 0, 0, 0, 0, 0.1] for pixel in pixels])


class Texts(Colors):
    """Embeds texts alone, in a space of its own with the same dimension."""

    name = "texts"
    modalities = frozenset({"text"})

    def embed_text(self, texts, *, query):
        return super().embed_text(texts, query=query)[:, ::-1]


def unit(rows):
    rows = np.array(rows, np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture
def photos(tmp_path):
    for color in ("red", "green", "blue"):
        Image.new("RGB", (8, 8), color if color != "green" else "#00ff00").save(
            tmp_path / f"{color}.png"
        )
    return tmp_path


@pytest.fixture
def store(tmp_path):
    with Store.create(tmp_path / "shop", "shop") as made:
        with made.writer() as writer:
            writer.add_space("texts", "texts", 8, frozenset({"text"}))
            writer.add_space("colors", "colors", 8, frozenset({"image"}))
        yield made


@pytest.fixture
def colors():
    return Colors()


@pytest.fixture
def index(store, colors):
    return CollectionIndex.over(CollectionVectorStore(store), Texts(), colors)


def nodes_of(photos):
    return [
        TextNode(id_="shoe", text="a red shoe", metadata={"price": 10}),
        TextNode(id_="hat", text="a green hat", metadata={"price": 20}),
        ImageNode(id_="red.png", image_path=str(photos / "red.png"), metadata={"price": 30}),
        ImageNode(id_="blue.png", text="a blue coat", image_path=str(photos / "blue.png")),
        Node(id_="green.png", image_resource=MediaResource(path=photos / "green.png")),
    ]


@pytest.fixture
def filled(index, photos):
    index.insert_nodes(nodes_of(photos))
    return index


def ids(found):
    return [one.node_id for one in found]


def reopened(index):
    store = Store.open(index.vector_store.client.folder)
    return CollectionIndex.over(CollectionVectorStore(store), Texts(), Colors())


# Faults of the stock (docs of the design, "LlamaIndex"), each working here.


def test_fault_two_stores_share_ids_so_text_queries_return_images(filled):
    assert ids(filled.as_retriever().text_retrieve("red shoe"))[0] == "shoe"
    pictures = filled.as_retriever().text_to_image_retrieve("red")
    assert pictures
    assert all(isinstance(one.node, ImageNode) for one in pictures)
    texts = filled.as_retriever(similarity_top_k=9).text_retrieve("anything")
    assert set(ids(texts)) == {"shoe", "hat", "blue.png"}


def test_fault_after_reload_the_store_is_wrong_too(filled):
    again = reopened(filled)
    before = filled.as_retriever(similarity_top_k=5, image_similarity_top_k=5)
    after = again.as_retriever(similarity_top_k=5, image_similarity_top_k=5)
    for query in ("red shoe", "green hat", "blue coat"):
        assert after.retrieve(query) == before.retrieve(query)


def test_fault_filters_raise(filled):
    cheap = MetadataFilters(filters=[MetadataFilter(key="price", value=15, operator=">")])
    found = filled.as_retriever(similarity_top_k=1, image_similarity_top_k=1, filters=cheap)
    assert set(ids(found.retrieve("red shoe"))) == {"hat", "red.png"}


def test_fault_delete_is_not_implemented_or_reuses_live_ids(filled):
    filled.delete_nodes(["shoe", "red.png"])
    filled.insert_nodes([TextNode(id_="boot", text="a red shoe that is a boot")])
    retriever = filled.as_retriever(similarity_top_k=9, image_similarity_top_k=9)
    assert ids(retriever.text_retrieve("red shoe"))[0] == "boot"
    assert ids(retriever.text_retrieve("green hat"))[0] == "hat"
    assert set(ids(retriever.retrieve("red"))) == {"boot", "hat", "blue.png", "green.png"}


def test_fault_an_image_without_text_is_dropped(index, photos):
    bare = [ImageNode(id_="bare", image_path=str(photos / "red.png"))]
    CollectionIndex(
        bare, vector_store=index.vector_store, image_embed_model=index.image_embed_model
    )
    index.insert_nodes([Node(id_="node", image_resource=MediaResource(path=photos / "blue.png"))])
    index.insert(ImageDocument(id_="document", image_path=str(photos / "green.png")))
    found = {color: index.as_retriever().text_to_image_retrieve(color)[0] for color in WORDS[:3]}
    assert (found["red"].node_id, found["blue"].node_id) == ("bare", "node")
    assert found["green"].node.ref_doc_id == "document"


def test_fault_a_text_only_insert_makes_image_search_return_nothing(filled):
    filled.insert_nodes([TextNode(id_="sock", text="a sock")])
    assert ids(filled.as_retriever().text_to_image_retrieve("red"))[0] == "red.png"
    assert not filled.is_image_vector_store_empty


def test_fault_in_memory_image_bytes_vanish_on_persist(index, photos):
    data = (photos / "red.png").read_bytes()
    index.insert_nodes(
        [
            Node(id_="resource", image_resource=MediaResource(data=data)),
            ImageNode(id_="base64", image=base64.b64encode(data).decode()),
        ]
    )
    index.storage_context.persist(str(photos / "storage"))
    resource, image = reopened(index).vector_store.get_nodes(["resource", "base64"])
    assert base64.b64decode(resource.image_resource.data) == data
    assert base64.b64decode(image.image) == data


def calls_of(function):
    """Return how many calls of Python functions a function makes: time that never varies."""
    count = 0

    def count_calls(_frame, event, _argument):
        nonlocal count
        count += event == "call"

    function()  # what is done once only is done now
    sys.setprofile(count_calls)
    try:
        function()
    finally:
        sys.setprofile(None)
    return count


def test_fault_nodes_of_one_document_cost_quadratic_time(index):
    def insert(count, start):
        source = {NodeRelationship.SOURCE: RelatedNodeInfo(node_id="table", hash="h")}
        index.vector_store.add(
            [
                TextNode(
                    id_=f"{start + n}", text=f"row {n}", relationships=source, embedding=[1.0] * 8
                )
                for n in range(count)
            ]
        )

    few = calls_of(lambda: insert(200, 0))
    many = calls_of(lambda: insert(800, 1000))
    assert many < 4.4 * few


def test_fault_numpy_or_timestamp_metadata_breaks_persist(index):
    when = pd.Timestamp("2024-05-31 18:30")
    row = {"price": np.float32(9.5), "stock": np.int64(3), "when": when, "gone": pd.NaT}
    index.insert_nodes([TextNode(id_="row", text="a row", metadata=row)])
    index.storage_context.persist(str(index.vector_store.client.folder / "storage"))
    found = reopened(index).vector_store.get_nodes(["row"])[0].metadata
    assert found == {"price": 9.5, "stock": 3, "when": when.to_pydatetime(), "gone": None}


def test_fault_inserting_one_node_rewrites_everything(index):
    def fill(count):
        index.vector_store.add(
            [TextNode(id_=f"{n}", text=f"row {n}", embedding=[1.0] * 8) for n in range(count)]
        )

    def insert_one():
        index.insert_nodes([TextNode(id_="one", text="one more")])

    fill(10)
    small = calls_of(insert_one)
    fill(1000)
    assert calls_of(insert_one) < 1.2 * small


# The index.


def test_nodes_go_in_and_come_out_in_every_way(filled):
    retriever = filled.as_retriever(similarity_top_k=1, image_similarity_top_k=1)
    assert ids(retriever.retrieve("red shoe")) == ["shoe", "red.png"]
    assert ids(retriever.text_retrieve("green hat")) == ["hat"]
    assert ids(retriever.text_to_image_retrieve("green")) == ["green.png"]
    assert ids(retriever.image_to_image_retrieve(red := filled_path(filled, "red.png"))) == [
        "red.png"
    ]
    assert ids(retriever.retrieve(QueryBundle("", image_path=red))) == ["red.png"]
    assert ids(retriever.retrieve(QueryBundle("green hat", image_path=red)))[0] == "hat"


def filled_path(index, node_id):
    return index.vector_store.get_nodes([node_id])[0].image_path


def test_the_async_forms_do_the_same(index, photos):
    async def use():
        await index.ainsert_nodes(nodes_of(photos))
        await index.ainsert(Document(id_="doc", text="a sock"))
        await index.adelete_nodes(["hat"])
        await index.adelete_ref_doc("doc")
        retriever = index.as_retriever(similarity_top_k=3, image_similarity_top_k=1)
        red = str(photos / "red.png")
        return [
            await retriever.aretrieve("red shoe"),
            await retriever.atext_retrieve("red shoe"),
            await retriever.atext_to_image_retrieve("green"),
            await retriever.aimage_to_image_retrieve(red),
        ], [
            retriever.retrieve("red shoe"),
            retriever.text_retrieve("red shoe"),
            retriever.text_to_image_retrieve("green"),
            retriever.image_to_image_retrieve(red),
        ]

    found, expected = asyncio.run(use())
    assert found == expected
    assert set(ids(found[1])) == {"shoe", "blue.png"}


def test_documents_are_split_inserted_refreshed_and_deleted(index):
    document = Document(id_="doc", text="a red shoe", metadata={"author": "me"})
    index.insert(document)
    assert index.refresh_ref_docs([document, Document(id_="new", text="a hat")]) == [False, True]
    again = reopened(index)
    changed = Document(id_="new", text="a coat")
    assert again.refresh_ref_docs([document, changed]) == [False, True]
    assert asyncio.run(again.arefresh_ref_docs([document, changed])) == [False, False]
    found = again.as_retriever(similarity_top_k=9).text_retrieve("shoe or coat")
    assert {(one.text, one.node.ref_doc_id) for one in found} == {
        ("a red shoe", "doc"), ("a coat", "new"),
    }  # fmt: skip
    again.delete_ref_doc("doc", delete_from_docstore=True)
    assert {one.node.ref_doc_id for one in again.as_retriever().retrieve("shoe")} == {"new"}


def test_from_vector_store_and_from_documents(filled, store):
    models = {"embed_model": filled.embed_model, "image_embed_model": filled.image_embed_model}
    index = CollectionIndex.from_vector_store(CollectionVectorStore(store), **models)
    assert ids(index.as_retriever(similarity_top_k=1).text_retrieve("red shoe")) == ["shoe"]
    context = StorageContext.from_defaults(vector_store=CollectionVectorStore(store))
    documents = [Document(id_="doc", text="a blue hat")]
    index = CollectionIndex.from_documents(documents, storage_context=context, **models)
    found = index.as_retriever(similarity_top_k=1).text_retrieve("blue hat")
    assert found[0].node.ref_doc_id == "doc"


def test_another_vector_store_is_refused(filled):
    with pytest.raises(QueryError, match=r"vector_store=collection\.vector_store"):
        CollectionIndex.from_vector_store(SimpleStore())
    with pytest.raises(QueryError, match="leave image_vector_store out"):
        CollectionIndex.from_vector_store(filled.vector_store, image_vector_store=SimpleStore())


class SimpleStore:
    stores_text = True


def test_each_picture_and_text_is_embedded_once_in_batches(index, colors, photos):
    text_model = index.embed_model
    index.insert_nodes(nodes_of(photos))
    assert colors.calls == [("image", 3)]
    assert text_model._text.calls == [("text", 3)]


def test_embeddings_that_nodes_bring_are_used(index, colors):
    red, words = [1.0, 0, 0, 0, 0, 0, 0, 0], Texts().embed_text(["green"], query=False)[0].tolist()
    index.insert_nodes(
        [
            TextNode(id_="t", text="whatever", embedding=words),
            ImageNode(id_="i", text="blue", image_path="/nowhere.png", embedding=red),
            ImageNode(id_="j", text="x", image_path="/", embedding=red, text_embedding=words),
        ]
    )
    assert colors.calls == []
    retriever = index.as_retriever(similarity_top_k=2)
    assert set(ids(retriever.text_retrieve("green"))) == {"t", "j"}
    assert ids(retriever.text_retrieve("blue"))[0] == "i"
    assert set(ids(retriever.text_to_image_retrieve("red"))) == {"i", "j"}


def test_a_picture_that_cannot_be_read_is_named_and_nothing_is_stored(index, photos, store):
    (photos / "broken.png").write_bytes(b"no picture")
    nodes = [TextNode(text="x"), ImageNode(image_path=str(photos / "broken.png"))]
    with pytest.raises(SourceError, match=r"broken\.png") as caught:
        index.insert_nodes(nodes)
    assert "\n" not in str(caught.value)
    assert len(store) == 0


def test_without_models_texts_are_found_by_their_words(store, photos):
    index = CollectionIndex.over(CollectionVectorStore(store), None, None)
    index.insert_nodes([TextNode(id_="a", text="a red shoe"), TextNode(id_="b", text="a hat")])
    assert ids(index.as_retriever().retrieve("red shoe, hat")) == ["a", "b"]
    with pytest.raises(ModelError, match="no image model"):
        index.insert_nodes([ImageNode(image_path=str(photos / "red.png"))])


def test_an_image_model_that_reads_no_text_is_not_asked_to(store, photos):
    class Looks(Colors):
        modalities = frozenset({"image"})

    index = CollectionIndex.over(CollectionVectorStore(store), Texts(), Looks())
    index.insert_nodes(nodes_of(photos))
    assert set(ids(index.as_retriever(similarity_top_k=9).retrieve("red"))) == {
        "shoe", "hat", "blue.png",
    }  # fmt: skip
    red = str(photos / "red.png")
    assert ids(index.as_retriever().image_to_image_retrieve(red))[0] == "red.png"


# The stock's own indexes over a collection.


def test_the_stock_multi_modal_index_works_over_two_faces(store, photos, colors):
    whole = CollectionVectorStore(store)
    context = StorageContext.from_defaults(
        vector_store=whole.of("text"), image_store=whole.of("image")
    )
    texts = Texts()
    index = MultiModalVectorStoreIndex(
        nodes=nodes_of(photos)[:4],
        storage_context=context,
        embed_model=as_llama(texts, None, opened),
        image_embed_model=as_llama(colors, colors, opened),
    )
    retriever = index.as_retriever(similarity_top_k=1, image_similarity_top_k=1)
    assert ids(retriever.text_retrieve("green hat")) == ["hat"]
    assert ids(retriever.text_to_image_retrieve("blue")) == ["blue.png"]
    assert ids(retriever.image_to_image_retrieve(str(photos / "red.png"))) == ["red.png"]
    index.delete_nodes(["blue.png"])
    assert ids(retriever.text_to_image_retrieve("blue")) != ["blue.png"]


def test_the_stock_vector_store_index_works(store):
    model = as_llama(Texts(), None, opened)
    whole = CollectionVectorStore(store)
    context = StorageContext.from_defaults(vector_store=whole)
    nodes = [TextNode(id_="a", text="a red shoe"), TextNode(id_="b", text="a green hat")]
    VectorStoreIndex(nodes, storage_context=context, embed_model=model)
    index = VectorStoreIndex.from_vector_store(CollectionVectorStore(store), embed_model=model)
    for mode in ("default", "text_search", "hybrid", "mmr"):
        retriever = index.as_retriever(similarity_top_k=1, vector_store_query_mode=mode)
        assert ids(retriever.retrieve("green hat")) == ["b"]


# The retriever.


def test_nodes_found_twice_are_fused_by_id_not_by_what_they_show(index, photos):
    # Rows of a table may share a picture; the stock merges them.
    path = str(photos / "red.png")
    rows = [ImageNode(id_=f"row{n}", image_path=path, text="a red shoe") for n in range(3)]
    index.insert_nodes(rows)
    retriever = index.as_retriever(similarity_top_k=3, image_similarity_top_k=3)
    found = retriever.retrieve("red shoe")
    assert sorted(ids(found)) == ["row0", "row1", "row2"]
    assert found[0].score == pytest.approx(1.0)


def test_fusing_is_reciprocal_rank_and_leaves_one_ranking_alone():
    def ranking(*names):
        return [
            NodeWithScore(node=TextNode(id_=name, text="same"), score=-float(n))
            for n, name in enumerate(names)
        ]

    assert [(one.node_id, one.score) for one in fuse([ranking("a", "b"), []])] == [
        ("a", 0.0), ("b", -1.0),
    ]  # fmt: skip
    fused = fuse([ranking("a", "b", "c"), ranking("b", "d")])
    assert ids(fused) == ["b", "a", "d", "c"]
    best = 2 / 61
    assert [one.score for one in fused] == pytest.approx(
        [(1 / 62 + 1 / 61) / best, 1 / 61 / best, 1 / 62 / best, 1 / 63 / best]
    )
    assert fuse([]) == []


def test_a_query_bundle_is_not_changed_and_its_embedding_is_used(filled):
    like_hat = Texts().embed_text(["hat"], query=True)[0].tolist()
    bundle = QueryBundle("red shoe", embedding=list(like_hat))
    retriever = filled.as_retriever(similarity_top_k=1, image_similarity_top_k=1)
    assert ids(retriever.text_retrieve(bundle)) == ["hat"]
    assert set(ids(retriever.retrieve(bundle))) == {"hat", "red.png"}
    assert bundle == QueryBundle("red shoe", embedding=like_hat)


def test_zero_asks_for_none(filled):
    assert ids(
        filled.as_retriever(similarity_top_k=0, image_similarity_top_k=1).retrieve("red")
    ) == ["red.png"]
    assert ids(
        filled.as_retriever(similarity_top_k=1, image_similarity_top_k=0).retrieve("red")
    ) == ["shoe"]
    assert filled.as_retriever().retrieve("") == []


def test_modes_and_restrictions_reach_the_store(filled):
    words = filled.as_retriever(vector_store_query_mode="text_search", image_similarity_top_k=0)
    assert ids(words.retrieve("hat")) == ["hat"]
    some = filled.as_retriever(node_ids=["hat", "blue.png"], similarity_top_k=9)
    assert set(ids(some.retrieve("red shoe"))) == {"hat", "blue.png"}
    assert filled.as_retriever(doc_ids=["nowhere"]).retrieve("red shoe") == []
    with pytest.raises(QueryError, match=r"Unknown query mode 'text_serch'.*'text_search'"):
        filled.as_retriever(vector_store_query_mode="text_serch")


def test_an_index_node_leads_to_what_it_stands_for(index):
    inner = TextNode(id_="inner", text="the hat itself")
    index.insert_nodes([IndexNode(id_="outer", text="a hat", index_id="x", obj=inner)])
    assert ids(index.as_retriever(similarity_top_k=1).retrieve("hat")) == ["inner"]


def test_the_collections_own_search_is_asked_once_and_restricted(filled, store):
    asked = []

    def search(query, k, within):
        asked.append((query.query_str, k, within))
        parts = [row.part for row in store.parts_of(list(store.find(store.ids()).values()))]
        return [(part, 1.0 / (n + 1)) for n, part in enumerate(parts)]

    filled.search = search
    retriever = filled.as_retriever(similarity_top_k=1, image_similarity_top_k=2)
    found = retriever.retrieve("red shoe")
    assert [(one.node_id, one.score) for one in found] == [
        ("shoe", 1.0), ("red.png", pytest.approx(1 / 3)), ("blue.png", pytest.approx(1 / 5)),
    ]  # fmt: skip
    assert asked[0][0] == "red shoe"
    assert asked[0][2] is None
    price = MetadataFilters(filters=[MetadataFilter(key="price", value=20)])
    filled.as_retriever(filters=price, image_similarity_top_k=0).retrieve("red shoe")
    within = asked[1][2]
    assert within.items.tolist() == [store.find(["hat"])["hat"]]
    assert within.modality == {"text"}


# Engines.


def test_pictures_reach_a_chat_model_as_pictures(filled, monkeypatch):
    seen = []
    llm = MockLLM(is_chat_model=True)
    chat = MockLLM.chat

    def listen(self, messages, **options):
        seen.extend(block for message in messages for block in message.blocks)
        return chat(self, messages, **options)

    monkeypatch.setattr(MockLLM, "chat", listen)
    engine = filled.as_query_engine(llm=llm, similarity_top_k=1, image_similarity_top_k=1)
    assert type(engine) is RetrieverQueryEngine
    response = engine.query("red shoe")
    assert ids(response.source_nodes) == ["shoe", "red.png"]
    assert "ImageBlock" in {type(block).__name__ for block in seen}


def test_a_language_model_that_only_completes_gets_the_texts(filled):
    response = filled.as_query_engine(llm=MockLLM(), similarity_top_k=1).query("red shoe")
    assert "a red shoe" in str(response)
    assert asyncio.run(filled.as_query_engine(llm=MockLLM()).aquery("red shoe")).source_nodes


@pytest.mark.parametrize(
    "mode", ["best", "context", "condense_plus_context", "condense_question", "simple"]
)
@pytest.mark.parametrize("is_chat_model", [True, False])
def test_chat_engines_answer(filled, mode, is_chat_model):
    # LlamaIndex's default memory leaves threads of a database behind.
    memory = ChatMemoryBuffer.from_defaults(token_limit=3000)
    llm = MockLLM(is_chat_model=is_chat_model)
    engine = filled.as_chat_engine(mode, llm=llm, memory=memory)
    assert str(engine.chat("red shoe"))


@pytest.mark.parametrize("engine", ["as_query_engine", "as_chat_engine"])
def test_without_a_language_model_one_line_asks_for_it(filled, engine, monkeypatch):
    monkeypatch.setattr(Settings, "_llm", None)
    with pytest.raises(QueryError, match=r"^Give a language model, llm=\.\.\. ") as caught:
        getattr(filled, engine)()
    assert "\n" not in str(caught.value)
    with pytest.raises(QueryError, match="not 'default'"):
        getattr(filled, engine)(llm="default")
    monkeypatch.setattr(Settings, "_llm", MockLLM())
    assert getattr(filled, engine)() is not None


def test_unknown_options_are_named_with_the_nearest(filled):
    with pytest.raises(QueryError, match=r"'similarity_topk'.*'similarity_top_k'"):
        filled.as_query_engine(llm=MockLLM(), similarity_topk=3)
    with pytest.raises(MmragError, match="Chat mode 'react' is not supported"):
        filled.as_chat_engine("react", llm=MockLLM())


def test_nothing_of_openai_or_clip_is_imported():
    code = (
        "import sys, mmrag_jupyter.search.llama_index\n"
        "print([name for name in sys.modules if name.split('.')[0] in ('openai', 'clip')])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
