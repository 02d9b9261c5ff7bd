"""Answers through LlamaIndex's own engines: our ids and captions stay with them."""

from __future__ import annotations

import pytest
from llama_index.core.memory import ChatMemoryBuffer
from llama_index.core.query_engine import CitationQueryEngine, RetrieverQueryEngine
from llama_index.core.schema import ImageNode
from pdfs import write_pdf
from toys import ToyEmbedder, write_pictures

from mmrag_jupyter.errors import ModelError, QueryError


@pytest.fixture
def photos(session, products):
    return session.load(
        products, "photos", text="about", image="photo", id="sku", model=ToyEmbedder(),
        progress=False,
    )  # fmt: skip


def ids(response):
    return [found.node.node_id for found in response.source_nodes]


def texts(llm):
    return "\n".join(
        block.text
        for message in llm.asked[-1]
        for block in message.blocks
        if block.block_type == "text"
    )


def pictures(llm):
    return [
        block
        for message in llm.asked[-1]
        for block in message.blocks
        if block.block_type == "image"
    ]


def test_a_query_engine_gets_pictures_with_their_captions(photos, says):
    llm = says("Cork.")
    response = photos.index.as_query_engine(llm=llm, similarity_top_k=1).query("sole cork")
    assert str(response) == "Cork."
    assert set(ids(response)) <= {
        part.id for item in photos.query("cork") for part in item._all_parts()
    }
    assert "a1" in {found.node.ref_doc_id for found in response.source_nodes}
    assert pictures(llm)
    assert "running shoe for wide feet" in texts(llm)


def test_a_picture_found_alone_brings_its_caption(photos, says):
    llm = says("Cork.")
    engine = photos.index.as_query_engine(llm=llm, similarity_top_k=0, image_similarity_top_k=1)
    [found] = engine.query("sole cork").source_nodes
    assert isinstance(found.node, ImageNode)
    assert found.node.text
    assert found.node.text in texts(llm)


def test_an_engine_built_from_the_retriever_does_the_same(photos, says):
    llm = says("Cork.")
    engine = RetrieverQueryEngine.from_args(photos.index.as_retriever(), llm=llm, multimodal=True)
    response = engine.query("sole cork")
    assert ids(response)
    assert pictures(llm)
    assert "price" in texts(llm)


def test_the_citation_engine_keeps_ids_and_captions(photos, says):
    llm = says("Cork [1].")
    engine = photos.index.as_citation_engine(llm=llm)
    assert isinstance(engine, CitationQueryEngine)
    response = engine.query("sole cork")
    known = {part.id for hit in photos.query("sole cork") for part in hit._all_parts()}
    assert ids(response)
    assert set(ids(response)) <= known
    assert "Source 1:" in texts(llm)
    assert "running shoe" in texts(llm)
    assert pictures(llm)


def test_the_stock_citation_engine_works_and_names_the_item(photos, says):
    llm = says("Cork [1].")
    engine = CitationQueryEngine.from_args(photos.index, llm=llm, multimodal=True)
    response = engine.query("sole cork")
    assert str(response) == "Cork [1]."
    assert {found.node.ref_doc_id for found in response.source_nodes} <= {"a1", "b2", "c3", "d4"}


def test_a_model_that_only_completes_gets_texts(photos, says):
    llm = says("Cork.", chats=False)
    response = photos.index.as_citation_engine(llm=llm).query("sole cork")
    assert str(response) == "Cork."
    assert "Source 1:" in llm.prompt


@pytest.mark.parametrize("mode", ["context", "condense_plus_context"])
def test_chat_engines_get_captions_too_and_keep_ids(photos, says, mode):
    llm = says("Cork.")
    memory = ChatMemoryBuffer.from_defaults(token_limit=3000)
    engine = photos.as_chat_engine(llm=llm, chat_mode=mode, memory=memory)
    response = engine.chat("sole cork")
    assert str(response) == "Cork."
    assert pictures(llm)
    assert "running shoe for wide feet" in texts(llm)
    assert "price" in texts(llm)
    known = {part.id for hit in photos.query("sole cork") for part in hit._all_parts()}
    assert {found.node.node_id for found in response.source_nodes} <= known
    assert str(engine.stream_chat("and its price?")) is not None


def test_a_page_reaches_the_model_as_a_picture(session, tmp_path, says):
    write_pdf(tmp_path / "report.pdf", ["The sole is made of cork."])
    reports = session.load(tmp_path / "report.pdf", "reports", model="builtin", progress=False)
    retriever = reports.index.as_retriever(image_similarity_top_k=2)
    found = [one.node for one in retriever.retrieve("sole cork")]
    pages = [node for node in found if isinstance(node, ImageNode)]
    for page in pages:
        assert page.image
        assert page.metadata["page"] == 1
    llm = says("Cork.")
    assert str(reports.index.as_query_engine(llm=llm).query("sole cork")) == "Cork."


def test_addresses_of_models_are_understood_by_the_engines(photos, tiny_vlm, session, tmp_path):
    engine = photos.index.as_query_engine(llm=f"hf:{tiny_vlm}", similarity_top_k=1)
    assert str(engine.query("sole cork"))
    folder = write_pictures(tmp_path / "plain", ["red"])
    plain = session.load(folder, "plain", model=ToyEmbedder(), progress=False)
    assert str(plain.index.as_query_engine(llm=f"hf:{tiny_vlm}").query("red"))
    memory = ChatMemoryBuffer.from_defaults(token_limit=3000)
    assert str(photos.as_chat_engine(llm=f"hf:{tiny_vlm}", memory=memory).chat("sole cork"))


def test_a_wrong_address_is_one_line(photos):
    with pytest.raises(ModelError, match="no address of a language model"):
        photos.as_chat_engine(llm="gpt-4o")
    with pytest.raises(QueryError, match="Give a language model"):
        photos.as_chat_engine()
