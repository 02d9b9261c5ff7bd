"""One arm of `peers_right.py`, run by that peer's Python: `peers_right_arm.py ARM ROWS FOLDER`."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

K = 10
QUERIES = 20
DIM = 512
# The share of the rows that a filter lets through.
SHARES = (1.0, 0.5, 0.1, 0.01)
# (row numbers of a query's answers) = ask(query number, upper bound of the price)
Ask = Callable[[int, float], list[int]]


class Data:
    """Random directions `(rows, 512)` with prices evenly from 0 to 1, and queries near them."""

    def __init__(self, rows: int) -> None:
        drawn = np.random.default_rng(0)
        self.vectors = _directions(drawn, rows)
        self.prices = drawn.permutation(rows) / rows
        noise = _directions(drawn, QUERIES)
        self.queries = self.vectors[drawn.integers(0, rows, QUERIES)] + noise

    def answers(self, query: int, limit: float) -> set[int]:
        """Return the rows that an exact search finds."""
        scores = np.where(self.prices < limit, self.vectors @ self.queries[query], -np.inf)
        return set(np.argsort(-scores)[:K].tolist())

    def known(self, texts: list[str]) -> np.ndarray:
        """Return the vectors of texts such as `row 7` and `query 3`, as an embedder would."""
        kinds = {"row": self.vectors, "query": self.queries}
        return np.stack([kinds[text.split()[0]][int(text.split()[1])] for text in texts])


def _directions(drawn: np.random.Generator, rows: int) -> np.ndarray:
    vectors = drawn.standard_normal((rows, DIM), dtype=np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def project(data: Data, folder: Path) -> Ask:
    import pandas as pd

    import mmrag_jupyter as mm

    class Known:
        name, dim, modalities = "known", DIM, frozenset({"text"})

        def embed_text(self, texts: list[str], *, query: bool) -> np.ndarray:  # noqa: ARG002
            vectors = data.known(texts)
            return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    texts = [f"row {number}" for number in range(len(data.prices))]
    frame = pd.DataFrame({"text": texts, "price": data.prices})
    collection = mm.Session().load(
        frame, "right", store=folder / "right", text="text", model=Known(), progress=False
    )
    # The words alone would find the row of a number: only the vectors are compared here.
    weights = {"lexical": 0.0}
    return lambda query, limit: [
        int(hit.parts[0].text.split()[1])
        for hit in collection.query(
            f"query {query}", k=K, where=f"price < {limit}", weights=weights
        )
    ]


def lancedb(data: Data, folder: Path) -> Ask:
    import lancedb

    rows = zip(data.prices, data.vectors, strict=True)
    table = lancedb.connect(folder).create_table(
        "rows",
        data=[
            {"row": number, "price": price, "vector": vector}
            for number, (price, vector) in enumerate(rows)
        ],
    )
    return lambda query, limit: [
        found["row"]
        for found in table.search(data.queries[query])
        .distance_type("cosine")
        .where(f"price < {limit}")
        .limit(K)
        .to_list()
    ]


def pixeltable(data: Data, folder: Path) -> Ask:
    os.environ["PIXELTABLE_HOME"] = str(folder)
    import pixeltable as pxt

    columns = {"row": pxt.Int, "price": pxt.Float, "vector": pxt.Array[(DIM,), pxt.Float]}
    table = pxt.create_table("rows", columns)
    table.add_embedding_index("vector", metric="cosine")
    table.insert(
        {"row": number, "price": float(price), "vector": vector}
        for number, (price, vector) in enumerate(zip(data.prices, data.vectors, strict=True))
    )

    def ask(query: int, limit: float) -> list[int]:
        score = table.vector.similarity(vector=data.queries[query])
        nearest = table.where(table.price < limit).order_by(score, asc=False).limit(K)
        return list(nearest.select(table.row).collect()["row"])

    return ask


def txtai(data: Data, folder: Path, candidates: int | None = None) -> Ask:  # noqa: ARG001
    os.environ["ALLOW_RESOLVE_TRANSFORM"] = "1"
    from txtai import Embeddings

    embeddings = Embeddings(
        method="external",
        transform=lambda texts: data.known(texts),  # noqa: PLW0108 - methods are called as classes
        content=True,
    )
    embeddings.index(
        (number, {"text": f"row {number}", "price": float(price)}, None)
        for number, price in enumerate(data.prices)
    )
    similar = "similar(:text)" if candidates is None else f"similar(:text, {candidates})"
    asked = f"SELECT id, score FROM txtai WHERE {similar} AND price < :limit"
    return lambda query, limit: [
        int(found["id"])
        for found in embeddings.search(
            asked, K, parameters={"text": f"query {query}", "limit": limit}
        )
    ]


def txtai_all(data: Data, folder: Path) -> Ask:
    return txtai(data, folder, candidates=len(data.prices))


def llamaindex(data: Data, folder: Path, kind: str = "simple") -> Ask:
    from llama_index.core.schema import ImageNode
    from llama_index.core.vector_stores import (
        FilterOperator,
        MetadataFilter,
        MetadataFilters,
        SimpleVectorStore,
        VectorStoreQuery,
    )

    if kind == "simple":
        store = SimpleVectorStore()
    elif kind == "qdrant":
        from llama_index.vector_stores.qdrant import QdrantVectorStore
        from qdrant_client import QdrantClient

        client = QdrantClient(path=str(folder))
        store = QdrantVectorStore(client=client, collection_name="rows")
    else:
        import faiss
        from llama_index.vector_stores.faiss import FaissVectorStore

        store = FaissVectorStore(faiss_index=faiss.IndexFlatIP(DIM))
    added = store.add(
        [
            ImageNode(metadata={"price": float(price), "row": number}, embedding=vector.tolist())
            for number, (price, vector) in enumerate(zip(data.prices, data.vectors, strict=True))
        ]
    )
    row_of = {id_: number for number, id_ in enumerate(added)}

    def ask(query: int, limit: float) -> list[int]:
        cheap = MetadataFilter(key="price", value=limit, operator=FilterOperator.LT)
        asked = VectorStoreQuery(
            query_embedding=data.queries[query].tolist(),
            similarity_top_k=K,
            filters=MetadataFilters(filters=[cheap]) if limit <= 1 else None,
        )
        return [row_of[id_] for id_ in store.query(asked).ids]

    return ask


def llamaindex_qdrant(data: Data, folder: Path) -> Ask:
    return llamaindex(data, folder, "qdrant")


def llamaindex_faiss(data: Data, folder: Path) -> Ask:
    return llamaindex(data, folder, "faiss")


def count(name: str, rows: int, folder: Path) -> dict[str, list[int] | str]:
    """Return how many rows came back and how many of them are right, for each share."""
    data = Data(rows)
    ask: Ask = globals()[name](data, folder)
    back, right = [], []
    for share in SHARES:
        # Without a filter, a limit above all prices.
        limit = share if share < 1 else 2.0
        try:
            found = [ask(query, limit) for query in range(QUERIES)]
        except (NotImplementedError, ValueError) as error:
            return {"back": back, "right": right, "error": str(error)}
        back.append(sum(map(len, found)))
        right.append(
            sum(len(data.answers(query, limit) & set(own)) for query, own in enumerate(found))
        )
    return {"back": back, "right": right}


def main() -> None:
    name, rows, folder = sys.argv[1:]
    if name == "stop":
        from peers_pixeltable import stop

        stop(Path(folder))
        print("{}")
        return
    print(json.dumps(count(name, int(rows), Path(folder))))


if __name__ == "__main__":
    main()
