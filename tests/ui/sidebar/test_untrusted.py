"""A notebook from elsewhere, attached to a kernel that runs: nothing is asked of it by itself."""

from __future__ import annotations

import json

from playwright.sync_api import expect
from sidebar_user import LOAD, Sidebar


def test_a_notebook_that_is_not_trusted_asks_the_kernel_only_when_one_clicks(
    opens, user, people, server
):
    folder = opens(LOAD, "%mmrag query teapot", "%mmrag panel teapot")
    user.runs_all(3)
    expect(user.output(2).locator(".mmrag-panel .mmrag-hit").first).to_be_visible()
    user.saves()
    [session] = user.page.request.get(f"{server.url}api/sessions?token={server.token}").json()
    # Another notebook than the one that was signed, with its outputs, at the same kernel.
    saved = json.loads((folder / "notebook.ipynb").read_text())
    saved["cells"].append({"cell_type": "raw", "id": "last", "metadata": {}, "source": "here"})
    (folder / "from-elsewhere.ipynb").write_text(json.dumps(saved))
    path = f"{folder.name}/from-elsewhere.ipynb"
    wanted = {"path": path, "name": "", "type": "notebook", "kernel": session["kernel"]}
    made = user.page.request.post(f"{server.url}api/sessions?token={server.token}", data=wanted)
    assert made.ok, made.text()
    user.closes()

    other, sent = people(), []
    other.page.on("websocket", lambda socket: socket.on("framesent", keeping(sent)))
    other.opens_lab(path)
    other.waits_for_kernel()
    expect(other.output(1).locator(".mmrag-hit").first).to_be_visible()
    # The kernel has been asked for other things, and has answered all of them.
    other.page.locator(".jp-SideBar [data-id='jp-running-sessions']").click()
    other.cell(1).locator(".jp-InputArea-editor").click()
    other.page.keyboard.press("Shift+Tab")
    expect(other.page.locator(".jp-Notebook-ExecutionIndicator")).to_have_attribute(
        "data-status", "idle"
    )
    expect(other.page.locator(".mmrag-panel")).to_have_count(0)
    assert len(sent) > 0
    assert ours(sent) == []

    other.output(1).locator(".mmrag-hit").first.dblclick()
    expect(other.output(1).get_by_role("dialog")).to_be_visible()
    expect(other.output(1).locator("dialog img[src^='blob:']").first).to_be_visible()
    assert len(ours(sent)) == 1
    other.page.keyboard.press("Escape")
    sidebar = Sidebar(other).opens()
    expect(sidebar.card("shop")).to_contain_text("120 items")


def keeping(frames):
    """Return what keeps each frame; the browser's driver marks it, which it cannot a method."""
    return lambda frame: frames.append(frame)  # noqa: PLW0108


def ours(frames):
    """Return the frames that open a comm of ours or ask for the panel's code."""
    texts = [one if isinstance(one, str) else one.decode("utf-8", "replace") for one in frames]
    return [
        text
        for text in texts
        if ("comm_open" in text and "mmrag" in text) or '"type":"code"' in text
    ]
