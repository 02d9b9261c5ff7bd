"""A collection elsewhere, by the commands of a notebook: loaded, found again, refused."""

from __future__ import annotations

TABLE = (
    "import pandas as pd\n"
    "shoes = pd.DataFrame({'name': ['red shoe', 'green hat', 'blue shoe'], 'price': [5, 7, 9]})\n"
)


def test_a_collection_elsewhere_needs_one_option(kernel, tmp_path):
    kernel.ok(TABLE)
    store = f"lancedb://{tmp_path}/shared"
    assert "3 added" in kernel.ok(
        f"%mmrag load shoes --text name --model builtin --store {store}"
    ).text  # fmt: skip
    kernel.ok("hits = %mmrag query red shoe --where 'price < 9'")
    assert kernel.ok("hits.ids").text.startswith("['0'")
    assert store in kernel.ok("%mmrag info").text
    kernel.restart()
    kernel.ok("%load_ext mmrag_jupyter")
    kernel.ok("hits = %mmrag query blue shoe --in shoes")
    assert kernel.ok("hits.ids").text.startswith("['2'")
    kernel.restart()
    kernel.ok("%load_ext mmrag_jupyter\n%cd -q /")
    kernel.ok(f"%config Mmrag.root = '{tmp_path}/another'\n%mmrag open {store}/shoes")
    kernel.ok("hits = %mmrag query blue shoe")
    assert kernel.ok("hits.ids").text.startswith("['2'")
    kernel.ok("%mmrag drop shoes --yes")


def test_what_is_wrong_is_said_in_a_line(kernel):
    kernel.ok(TABLE)
    for store, said in (
        ("mongo://here", "There is no kind of store 'mongo'"),
        ("qdrant://me:secret@here/a", "set QDRANT_API_KEY in the environment"),
        ("lancedb://", "needs a folder"),
    ):
        failed = kernel.run(f"%mmrag load shoes --text name --model builtin --store {store}")
        assert said in str(failed.error), store
        assert "secret@" not in str(failed.error)
