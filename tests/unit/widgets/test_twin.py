"""The two sides of the protocol agree: both read the same examples, and answer in their shape."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import mmrag_jupyter
from mmrag_jupyter.widgets import protocol

HERE = Path(__file__).parent
FRONTEND = HERE.parents[2] / "frontend"
EXAMPLES = json.loads((HERE / "protocol.json").read_text(encoding="utf-8"))


def shape(value):
    """Return the names in a value of JSON, however deep, without those of metadata."""
    if isinstance(value, dict):
        return {
            name: shape(one) for name, one in value.items() if name not in {"metadata", "parts"}
        }
    return [shape(value[0])] if isinstance(value, list) and value else None


def test_versions_are_the_package_s_on_both_sides():
    page = (FRONTEND / "protocol.ts").read_text(encoding="utf-8")
    package = json.loads((FRONTEND / "package.json").read_text(encoding="utf-8"))
    assert re.search(r"VERSION = '(.*)'", page)[1] == mmrag_jupyter.__version__
    assert package["version"] == protocol.VERSION == mmrag_jupyter.__version__
    assert int(re.search(r"PROTOCOL = (\d+)", page)[1]) == protocol.PROTOCOL
    assert re.search(r"TARGET = '(.*)'", page)[1] == protocol.TARGET


@pytest.mark.parametrize("verb", EXAMPLES["questions"])
def test_python_reads_every_question(verb):
    question = EXAMPLES["questions"][verb]
    asked = question.get("asked", {})
    files = [*asked.get("pictures", []), *asked.get("sounds", [])]
    read = protocol.read_question(question, [b"bytes" for _ in files])
    for name, value in question.items():
        if isinstance(value, str | int) and name not in {"type", "uuid"}:
            assert getattr(read, name) == value


def test_the_service_answers_in_the_shape_of_the_examples(page, session, calls):  # noqa: ARG001
    session.loads.watched("shop", session.reporter()).start("loading shop", 9)
    filters = [{"kind": "range", "column": "price", "low": 10, "high": 50}]
    told = {
        "hello": page.ask("hello", version="0.1.0", protocol=1),
        "collections": page.ask("collections"),
        "search": page.search("red hat", limit=3),
        "thumbnails": page.ask("thumbnails", pictures=[{"key": "red-hat", "part": 1}], size=64),
        "item": page.ask("item", key="red-hat", size=64),
        "sound": page.ask("sound", key="bell.wav", collection="calls"),
        "facets": page.ask("facets", asked={"filters": filters}),
        "feedback": page.ask("feedback", key="red-hat", verdict=1, query="red hat"),
        "select": page.ask("select", keys=["red-hat", "blue-hat"]),
        "loads": page.ask("loads"),
    }
    assert told.keys() == EXAMPLES["answers"].keys() == EXAMPLES["questions"].keys()
    for verb, answer in told.items():
        assert shape(answer) == shape(EXAMPLES["answers"][verb]), verb
    parts = EXAMPLES["answers"]["item"]["parts"]
    assert told["item"]["parts"][0].keys() == parts[0].keys()


def test_events_and_errors_are_in_the_shape_of_the_examples():
    loads = EXAMPLES["events"][0]["loads"]
    assert protocol.event("loads", loads=loads) == EXAMPLES["events"][0]
    assert protocol.event("collections") == EXAMPLES["events"][1]
    assert protocol.event("selected", keys=["a-1"]) == EXAMPLES["events"][2]
    question = EXAMPLES["questions"]["search"]
    assert protocol.failure(question, "where", "where: no") == EXAMPLES["errors"][0]


def test_the_page_reads_every_example(tmp_path):
    node, esbuild = shutil.which("node"), FRONTEND / "node_modules" / "esbuild" / "bin" / "esbuild"
    if node is None or not esbuild.is_file():
        reason = "no node, or the front end's packages are not installed (jlpm install)"
        if os.environ.get("MMRAG_UI_TESTS") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    bundle, entry = tmp_path / "twin.mjs", tmp_path / "entry.ts"
    exported = [f"export * from '{FRONTEND / name}';" for name in ("protocol", "client")]
    entry.write_text("\n".join(exported))
    command = [str(esbuild), str(entry), "--bundle", "--format=esm", f"--outfile={bundle}"]
    subprocess.run(command, check=True, capture_output=True, text=True)
    done = subprocess.run(
        [node, str(HERE / "twin.mjs"), str(bundle), str(HERE / "protocol.json")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "the twins agree" in done.stdout
