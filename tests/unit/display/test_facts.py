from mmrag_jupyter.display import Grid, facts_bundle
from mmrag_jupyter.display.budget import bundle_bytes


def test_names_and_values_are_shown_in_both_forms(read):
    bundle = facts_bundle("products", [("items", 120), ("last load", "3 added\n1 failed")])
    assert bundle["text/plain"] == (
        "products\n  items      120\n  last load  3 added\n             1 failed"
    )
    page = read(bundle["text/html"])
    assert "items" in page.text
    assert "120" in page.text
    assert "br" in page.tags


def test_a_long_table_says_how_much_more_there_is(read):
    grid = Grid(["source", "reason"], [(f"{at}.jpg", "not a picture") for at in range(5000)])
    bundle = facts_bundle("products", [], table=grid)
    assert "… and 4,980 more" in bundle["text/plain"]
    assert "… and 4,980 more" in read(bundle["text/html"]).text
    assert bundle_bytes(bundle) < 65536


def test_hostile_facts_stay_text_and_within_the_budget(read):
    bad = "<script>\x00\"'\u202e" * 500
    grid = Grid([bad] * 5, [[bad] * 5] * 50)
    bundle = facts_bundle(bad, [(bad, bad)] * 100, notices=[bad] * 50, table=grid, budget=9000)
    read(bundle["text/html"])
    assert bundle_bytes(bundle) <= 9000


def test_missing_values_are_a_dash():
    html = facts_bundle("x", [("model", None), ("n", float("nan"))])["text/html"]
    assert html.count("—") == 2
    assert "None" not in html
    assert "nan" not in html
