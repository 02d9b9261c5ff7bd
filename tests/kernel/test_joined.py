from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def shop(kernel):
    """The kernel with a dataframe `reviews`, joined to the products."""
    kernel.ok(
        "reviews = pd.DataFrame({'sku': ['A-1', 'A-1', 'A-2', 'Z-9'], 'stars': [5, 2, 4, 1],\n"
        "    'body': ['perfect for wide feet', 'broke soon', 'keeps dry', 'nothing']})"
    )
    ran = kernel.ok("%mmrag load reviews --into products --on sku --text body")
    assert "3 added" in ran.text
    return kernel


def test_a_load_says_what_joined_and_what_names_nothing(shop):
    ran = shop.ok("%mmrag load reviews --into products --on sku --text body")
    assert "3 unchanged" in ran.text
    assert "joined to 2 of 3 items on sku" in ran.text
    assert "1 of 4 rows names no item: 'Z-9'" in ran.text
    assert "reviews (3 rows of 2 items, on sku)" in shop.ok("%mmrag info").text


def test_a_query_says_through_how_many_rows_it_matched(shop):
    ran = shop.ok("hits = %mmrag query wide feet -k 1\nhits")
    assert "1 of 2 reviews" in ran.result["text/html"]
    assert shop.ok("hits[0].parts[0].origin, hits[0].parts[0].metadata['stars']").text == (
        "('reviews', 5)"
    )


def test_conditions_name_columns_of_the_joined_table(shop):
    shop.ok('hits = %mmrag query jacket --where "stars >= 4 and reviews.stars < 5"')
    assert shop.ok("hits.ids").text == "['A-2']"
    ran = shop.run('%mmrag query jacket --where "starz > 4"')
    assert "Did you mean 'stars'" in ran.error["evalue"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("reviews --into products", "--on COL"),
        ("reviews --on sku", "--into NAME"),
        ("reviews --into product --on sku", "Did you mean 'products'"),
        ("reviews --into products --on skuu", "Did you mean 'sku'"),
        ("reviews --into products --on sku --in products", "not both"),
    ],
)
def test_a_wrong_line_is_told_in_one_line(shop, line, message):
    ran = shop.run(f"%mmrag load {line}")
    assert ran.status == "error"
    told = ran.error.get("evalue") or ran.stderr.strip()
    assert message in told
    assert "\n" not in told


def test_the_joined_table_can_have_a_name_of_its_own(shop):
    shop.ok("%mmrag load reviews --into products --on sku --text body --as opinions")
    assert "opinions (3 rows" in shop.ok("%mmrag info").text


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("%mmrag load reviews --int|", ["%mmrag load reviews --into"]),
        ("%mmrag load reviews --into prod|", ["%mmrag load reviews --into products"]),
        ("%mmrag load reviews --on sk|", ["%mmrag load reviews --on sku"]),
        (
            "%mmrag load reviews --into products --on sku=ti|",
            ["%mmrag load reviews --into products --on sku=title"],
        ),
        ("%mmrag query a --where star|", ["%mmrag query a --where stars"]),
    ],
)
def test_completion_knows_joined_tables(shop, cell, expected):
    assert shop.complete(cell) == expected
