"""The sidebar of JupyterLab as its user sees it."""

from __future__ import annotations

from playwright.sync_api import expect

LOAD = """\
%load_ext mmrag_jupyter
import mmrag_jupyter.samples
frame = mmrag_jupyter.samples.shop()
%mmrag load frame --as shop --image photo --text title,description --id sku --model builtin"""


class Sidebar:
    """What can be done with it, and what it says."""

    def __init__(self, user):
        self.user = user
        self.page = user.page
        self.node = self.page.locator(".jp-mmrag-Sidebar")

    def opens(self):
        self.page.locator('.jp-SideBar [data-id="mmrag-sidebar"]').click()
        # It takes the focus, and would take the next key else.
        self.page.wait_for_function(
            "() => document.querySelector('.jp-mmrag-Sidebar').contains(document.activeElement)"
        )
        return self

    def says(self, words):
        expect(self.node.locator(".jp-mmrag-standing")).to_contain_text(words)

    def says_nothing(self):
        expect(self.node.locator(".jp-mmrag-standing")).to_be_empty()

    def card(self, name):
        return self.node.locator(".jp-mmrag-card").filter(
            has=self.page.get_by_text(name, exact=True)
        )

    def searches(self, words):
        self.node.get_by_role("searchbox").fill(words)

    @property
    def hits(self):
        return self.node.locator(".mmrag-hit")

    def press(self, name):
        self.node.get_by_role("button", name=name).first.click()


def beside(user, server, name, cells, *, kernel=""):
    """Open a further notebook from the file browser; `kernel` is the id of a running one."""
    server.notebook(name, cells)
    if kernel:
        asked = {"path": name, "name": name, "type": "notebook", "kernel": {"id": kernel}}
        made = user.page.request.post(f"{server.url}api/sessions?token={server.token}", data=asked)
        assert made.ok, made.text()
    user.page.locator(".jp-SideBar [data-id='filebrowser']").click()
    user.page.locator(".jp-BreadCrumbs-home").click()
    user.page.locator(".jp-DirListing-item", has_text=name).dblclick()
    expect(user.page.locator(".lm-DockPanel-tabBar .jp-mod-current")).to_contain_text(name)
    user.waits_for_kernel()
