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


def test_rows_join_a_collection_elsewhere_by_the_same_commands(kernel, tmp_path):
    kernel.ok(TABLE)
    kernel.ok(
        "notes = pd.DataFrame({'name': ['red shoe', 'red shoe', 'blue shoe', 'no shoe'],\n"
        "    'stars': [5, 2, 4, 1],\n"
        "    'body': ['perfect for wide feet', 'broke soon', 'keeps wide dogs dry', 'nothing']})"
    )
    store = f"lancedb://{tmp_path}/shared"
    kernel.ok(f"%mmrag load shoes --text name --model builtin --store {store} --as shop")
    load = "%mmrag load notes --into shop --on name --text body"
    assert "3 added" in kernel.ok(load).text
    again = kernel.ok(load).text
    assert "3 unchanged" in again
    assert "joined to 2 of 3 items on name" in again
    ran = kernel.ok("hits = %mmrag query wide feet --in shop -k 1\nhits")
    assert "1 of 2 notes" in ran.result["text/html"]
    kernel.restart()
    kernel.ok(f"%load_ext mmrag_jupyter\n%config Mmrag.root = '{tmp_path}/another'")
    kernel.ok(f"%mmrag open {store}/shop")
    kernel.ok("hits = %mmrag query wide --where 'stars >= 4 and price > 6'")
    told = "[(hit.id, str(hit.joined[0]), hit.parts[0].metadata['stars']) for hit in hits]"
    assert kernel.ok(told).text == "[('2', '1 of 1 notes', 4)]"
    assert "notes (3 rows of 2 items, on name)" in kernel.ok("%mmrag info").text
    kernel.ok("%mmrag drop shop --yes")


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


def test_a_collection_elsewhere_is_saved_to_a_folder(kernel, tmp_path):
    kernel.ok(TABLE)
    kernel.ok(f"%mmrag load shoes --text name --model builtin --store lancedb://{tmp_path}/shared")
    copy = tmp_path / "copy"
    ran = kernel.ok(f"%mmrag save {copy}")
    assert f"saved to {copy}" in ran.text
    assert "There is a collection in" in str(kernel.run(f"%mmrag save {copy}").error)
    kernel.restart()
    kernel.ok(f"%load_ext mmrag_jupyter\n%mmrag open {copy}\n{TABLE}")
    kernel.ok("hits = %mmrag query red shoe --where 'price < 9'")
    assert kernel.ok("hits.ids").text.startswith("['0'")
    assert "lancedb" not in kernel.ok("%mmrag info").text
