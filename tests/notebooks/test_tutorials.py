"""The tutorials run from an empty folder, and are committed as they run."""

from __future__ import annotations

import os
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

HITS = "application/vnd.mmrag.hits.v1+json"
TUTORIALS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


def displayed(notebook):
    """Return the MIME bundles of all outputs, cell by cell."""
    return [
        [output["data"] for output in cell.outputs if "data" in output]
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


def found(notebook):
    """Return the ids that each query found, in order."""
    return [
        [hit["id"] for hit in bundle[HITS]["hits"]]
        for bundles in displayed(notebook)
        for bundle in bundles
        if HITS in bundle
    ]


@pytest.fixture(scope="module", params=TUTORIALS, ids=lambda path: path.stem)
def tutorial(request, tmp_path_factory):
    """Return a tutorial as it is committed, and as it has just run."""
    committed = nbformat.read(request.param, as_version=4)
    run = nbformat.read(request.param, as_version=4)
    folder = tmp_path_factory.mktemp("tutorial")
    # A model that this machine happens to have would find other things.
    kernel = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(folder / "no-models")}
    client = NotebookClient(run, timeout=240, resources={"metadata": {"path": str(folder)}})
    client.execute(env=kernel)
    return committed, run


def test_there_is_a_tutorial():
    assert [path.name for path in TUTORIALS][:1] == ["01_quickstart.ipynb"]


def test_it_finds_what_the_committed_outputs_show(tutorial):
    committed, run = tutorial
    assert found(run) == found(committed)
    assert len(found(run)) >= 5


def test_it_shows_pictures_a_dataframe_and_a_plot(tutorial):
    _, run = tutorial
    bundles = [bundle for bundles in displayed(run) for bundle in bundles]
    assert any('<img src="data:image/' in bundle.get("text/html", "") for bundle in bundles)
    assert any('class="dataframe"' in bundle.get("text/html", "") for bundle in bundles)
    assert any("image/png" in bundle for bundle in bundles)


def test_it_is_committed_whole_small_and_without_a_trace_of_where_it_ran(tutorial):
    committed, _ = tutorial
    cells = [cell for cell in committed.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    text = nbformat.writes(committed)
    assert len(text) < 600_000
    outputs = nbformat.writes(nbformat.v4.new_notebook(cells=cells))
    assert "site-packages" not in outputs
    # A path from the root of a file system, in a text or an attribute.
    assert re.findall(r"[\s\"'>](?:/\w[\w.-]*){2,}", re.sub(r"base64,[^\"\\]*", "", outputs)) == []
