"""What the report of a load shows, wherever it is shown."""

from __future__ import annotations

import pandas as pd
from toys import ToyEmbedder

import mmrag_jupyter as mm
from mmrag_jupyter.display import REPORT_MIME
from mmrag_jupyter.display.budget import bundle_bytes
from mmrag_jupyter.ingest import LoadReport
from mmrag_jupyter.items import Problem


def test_a_report_tells_the_same_as_data_and_as_text():
    problems = (Problem("a.png", "is gone"), Problem("b", "no picture"))
    report = LoadReport("shop", "frame", added=3, kept=1, failed=2, seconds=4, problems=problems)
    bundle = report._repr_mimebundle_()
    told = bundle[REPORT_MIME]
    counts = {"added": 3, "updated": 0, "unchanged": 0, "removed": 0, "failed": 2, "kept": 1}
    assert (told["counts"], told["total"], told["seconds"]) == (counts, 2, 4)
    assert told["problems"][1] == {"source": "b", "reason": "no picture"}
    assert bundle["text/plain"].startswith(
        "shop: 3 added, 0 updated, 0 unchanged, 0 removed, 2 failed, "
        "1 no longer in the source but kept"
    )


def test_the_report_of_a_load_keeps_to_the_budget_that_is_configured(tmp_path):
    frame = pd.DataFrame({"photo": [f"{'x' * 80}{at}.png" for at in range(300)], "text": "a hat"})
    told = {}
    for budget in (5000, 65536):
        session = mm.Session(mm.Config(root=tmp_path / str(budget), output_bytes=budget))
        shop = session.load(frame, "shop", model=ToyEmbedder(), text="text", image="photo")
        bundle = shop.last_load._repr_mimebundle_()
        assert bundle_bytes(bundle) <= budget
        told[budget] = bundle[REPORT_MIME]
    assert told[5000]["collection"] == told[65536]["collection"] == "shop"
    assert told[5000]["total"] == told[65536]["total"] == 300
    assert 0 < len(told[5000]["problems"]) < len(told[65536]["problems"]) <= 300
