from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("%mmrag lo|", ["%mmrag load"]),
        ("hits = %mmrag que|", ["hits = %mmrag query"]),
        ("%%mmrag que|", ["%%mmrag query"]),
        ("%mmrag query red --vi|", ["%mmrag query red --view"]),
        ("%mmrag query red --view ta|", ["%mmrag query red --view table"]),
        ("%mmrag query red --in pic|", ["%mmrag query red --in pictures"]),
        ("%mmrag use pro|", ["%mmrag use products"]),
        ("%mmrag load prod|", ["%mmrag load products"]),
        ("%mmrag load frame_p|", ["%mmrag load frame_pl"]),
        ("%mmrag load table_a|", ["%mmrag load table_arrow"]),
        ("%mmrag load ./pic|", ["%mmrag load ./pictures/"]),
        ("%mmrag query --image pictures/re|", ["%mmrag query --image pictures/red.png"]),
        ("%mmrag load products --text ti|", ["%mmrag load products --text title"]),
        ("%mmrag load products --text title,ph|", ["%mmrag load products --text title,photo"]),
        ("%mmrag load frame_pl --image ph|", ["%mmrag load frame_pl --image photo"]),
        ("%mmrag load table_arrow --id pri|", ["%mmrag load table_arrow --id price"]),
        ('%mmrag query a --where "pr|', ['%mmrag query a --where "price']),
        (
            '%mmrag query a --where "price < 9 and ti|',
            ['%mmrag query a --where "price < 9 and title'],
        ),
        ('%mmrag query a --where "un|', ['%mmrag query a --where "`unit price`']),
        (
            "%mmrag query a --in pictures --where suf|",
            ["%mmrag query a --in pictures --where suffix"],
        ),
        ("%mmrag show A|", ["%mmrag show A-1", "%mmrag show A-2"]),
        ("%mmrag query --like B|", ['%mmrag query --like "B 3"']),
        ("%mmrag load --text ti| products", ["%mmrag load --text title products"]),
        ("%%mmrag query -k 3\nprod|", ["%%mmrag query -k 3\nprod"]),
    ],
)
def test_completion(kernel, cell, expected):
    kernel.ok(
        "import polars, pyarrow\n"
        "frame_pl = polars.DataFrame(products)\n"
        "table_arrow = pyarrow.Table.from_pandas(products)"
    )
    assert kernel.complete(cell) == expected


def test_the_name_of_the_magic_is_completed_by_ipython(kernel):
    assert "%mmrag" in kernel.complete("%mmr|")
    assert "%%mmrag" in kernel.complete("%%mmr|")


def test_python_is_completed_as_ever(kernel):
    assert "products" in kernel.complete("prod|")


def test_completion_opens_no_collection(kernel):
    kernel.ok("%mmrag load products --as shut --text title --model builtin")
    kernel.ok("%mmrag use products")
    kernel.ok(
        "from mmrag_jupyter.default import default_session\n"
        "session = default_session()\n"
        "session.close(session.collection('shut').folder)"
    )
    assert kernel.complete("%mmrag show --in shut A|") == ["%mmrag show --in shut A"]
    assert kernel.complete("%mmrag use sh|") == ["%mmrag use shut"]
    assert kernel.ok("session.opened('shut')").result == {}
