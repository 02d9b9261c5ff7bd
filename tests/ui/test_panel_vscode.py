"""The panel in the widget manager of VS Code's Jupyter extension, with a kernel behind it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from browser import Server
from playwright.sync_api import expect

HERE = Path(__file__).parent
MODULES = HERE.parents[1] / "frontend" / "node_modules"
# Where VS Code looks for the scripts of widgets.
EXTENSIONS = Path(sys.prefix) / "share" / "jupyter" / "nbextensions"

LOAD = """\
%load_ext mmrag_jupyter
from mmrag_jupyter import samples
products = samples.shop()
%mmrag load products --as shop --image photo --text title,description --id sku --model builtin
panel = %mmrag panel
panel"""

# A page of an editor: its variables, its loader, and white behind every widget.
PAGE = """<!doctype html><html lang="en" style="{dark}"><head><meta charset="utf-8">
<title>notebook</title><style>
  body { color: var(--vscode-foreground); background: var(--vscode-editor-background) }
  #output > div { overflow-x: scroll }
  .cell-output-ipywidget-background { background: white !important }
</style></head>
<body class="vscode-dark" data-vscode-theme-kind="vscode-dark"><div id="output"></div>
<script src="require.js"></script>
<script type="module">import { activate } from './ipywidgets.js'; activate();</script>
<script src="host.js"></script>
"""
COLOURS = "--vscode-editor-background: {}; --vscode-editor-foreground: {}; --vscode-foreground: {}"
DARK, LIGHT = COLOURS.format("#1f1f1f", *["#cccccc"] * 2), COLOURS.format("#fff", *["#333"] * 2)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Return a folder with the page and its scripts."""
    manager = MODULES / "@vscode" / "jupyter-ipywidgets8" / "dist" / "ipywidgets.js"
    esbuild = MODULES / "esbuild" / "bin" / "esbuild"
    if shutil.which("node") is None or not (manager.is_file() and esbuild.is_file()):
        reason = "no node, or the front end's packages are not installed (jlpm install)"
        if os.environ.get("MMRAG_UI_TESTS") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("site")
    made = folder / "vscode"
    made.mkdir()
    (made / "index.html").write_text(PAGE.replace("{dark}", DARK))
    shutil.copy(manager, made)
    shutil.copy(MODULES / "requirejs" / "require.js", made)
    shutil.copytree(EXTENSIONS / "anywidget", made / "nbextensions" / "anywidget")
    done = subprocess.run(
        [str(esbuild), str(HERE / "vscode_host.ts"), "--bundle", f"--outfile={made / 'host.js'}"],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "NODE_PATH": str(MODULES)},
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def server(site, tmp_path_factory, chromium_path):  # noqa: ARG001 - none without a browser
    config = tmp_path_factory.mktemp("config")
    served = {"ServerApp": {"extra_static_paths": [str(site)]}}
    (config / "jupyter_server_config.json").write_text(json.dumps(served))
    started = Server(tmp_path_factory.mktemp("server"), JUPYTER_CONFIG_PATH=str(config))
    yield started
    started.stop()


def test_the_panel_works_in_the_widget_manager_of_vscode(server, guard):
    page = guard.context.new_page()
    page.goto(f"{server.url}static/vscode/index.html")
    entry = (EXTENSIONS / "anywidget" / "extension.js").read_text()
    scripts = dict(re.findall(r'(anywidget): "(.*?)"', entry))
    page.evaluate("told => starts(...told)", [server.url, server.token, scripts])
    assert page.evaluate("code => runs(code)", LOAD) == ""  # no error

    expect(page.get_by_role("region", name="Search panel of shop")).to_be_visible()
    hits = page.locator(".mmrag-panel .mmrag-hit")
    page.get_by_role("searchbox", name="Search").click()
    page.keyboard.type("teapot")
    expect(hits.first).to_contain_text("Teapot")
    picture = hits.first.locator("img")
    expect(picture).to_be_visible()
    assert picture.evaluate("async node => { await node.decode(); return node.naturalWidth }") > 0

    hits.first.click()
    hits.nth(1).click(modifiers=["Control"])
    page.wait_for_function("async () => (await runs('print(len(panel.selection))')).trim() === '2'")
    chosen = page.evaluate("code => runs(code)", "print(*panel.selection.to_pandas().title)")
    assert chosen.count("Teapot") == 2

    # The manager brings light colours of JupyterLab along; the page's own count.
    panel = page.locator(".mmrag-panel")
    look = "node => [getComputedStyle(node).backgroundColor, node.style.colorScheme]"
    assert panel.evaluate(look) == ["rgb(31, 31, 31)", "dark"]
    page.evaluate("style => document.documentElement.setAttribute('style', style)", LIGHT)
    expect(page.locator(".mmrag-panel[style*='color-scheme: light']")).to_be_visible()
    assert panel.evaluate(look) == ["rgb(255, 255, 255)", "light"]

    hits.first.dblclick()
    expect(page.get_by_role("dialog").locator("img")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
