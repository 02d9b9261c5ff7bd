import nbformat
from nbformat.v4 import new_code_cell, new_notebook, new_output

from mmrag_jupyter.display import Options, hits_bundle
from mmrag_jupyter.display.budget import bundle_bytes, saved_bytes


def in_notebook(bundle):
    def written(outputs):
        cell = new_code_cell("", outputs=outputs, id="a", execution_count=1)
        return len(nbformat.writes(new_notebook(cells=[cell])).encode())

    empty = new_output("execute_result", data={}, execution_count=1)
    full = new_output("execute_result", data=bundle, execution_count=1)
    return written([full]) - written([empty])


def test_the_estimate_is_never_below_what_the_notebook_takes(product_cards):
    for n in (0, 1, 8):
        bundle = hits_bundle(product_cards(n), title='Hits for "a\\b"', options=Options())
        real = in_notebook(bundle)
        assert real <= bundle_bytes(bundle) <= real * 1.25 + 200


def test_many_short_lines_are_not_underestimated():
    bundle = {"text/plain": "a\n" * 500, "application/json": {"list": list(range(500))}}
    assert in_notebook(bundle) <= bundle_bytes(bundle)


def test_lines_and_escapes_are_counted():
    assert saved_bytes("a\nb") > saved_bytes("a b")
    assert saved_bytes('"' * 10) >= 20
    assert saved_bytes("€") == saved_bytes("abc")
