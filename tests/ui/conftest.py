"""A server, a browser, and a user in front of it.

Without a Chromium these tests are skipped, visibly; with MMRAG_UI_TESTS=1 they fail instead.
MMRAG_CHROMIUM names one that is not on the path.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest
from browser import Guard, Server, User, chromium
from playwright.sync_api import expect, sync_playwright

# A busy machine, never a measure of speed.
expect.set_options(timeout=30_000)
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


@pytest.fixture(scope="session")
def chromium_path():
    named = os.environ.get("MMRAG_CHROMIUM")
    found = named or next(filter(None, map(shutil.which, NAMES)), None)
    if found:
        return found
    said = "no Chromium: browser tests need one; install chromium or set MMRAG_CHROMIUM"
    if os.environ.get("MMRAG_UI_TESTS") == "1":
        pytest.fail(said)
    pytest.skip(said)


@pytest.fixture(scope="session")
def browser(chromium_path):
    with sync_playwright() as playwright, chromium(playwright, chromium_path) as opened:
        yield opened


@pytest.fixture(scope="module")
def server(tmp_path_factory, chromium_path):  # noqa: ARG001 - no server where there is no browser
    started = Server(tmp_path_factory.mktemp("server"))
    yield started
    started.stop()


@pytest.fixture
def guard(browser):
    """Return what watches the pages; the test fails when one did what it may not."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 900}, permissions=["clipboard-read", "clipboard-write"]
    )
    context.set_default_timeout(20_000)
    watching = Guard(context)
    watching.context = context
    yield watching
    context.close()
    assert watching.faults == []


@pytest.fixture
def people(server, guard, request):
    """Return a function that seats one more user at the server."""
    seated = []

    def sit():
        seated.append(User(server, guard.context.new_page()))
        return seated[-1]

    yield sit
    report = getattr(request.node, "outcome_of_call", None)
    if report is not None and report.failed:
        name = re.sub(r"\W+", "-", request.node.name)
        for number, user in enumerate(seated):
            user.photographs(f"failed-{name}-{number}")


@pytest.fixture
def user(people):
    return people()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    outcome = yield
    report = outcome.get_result()
    if report.when == "call":
        item.outcome_of_call = report


@pytest.fixture(scope="session")
def axe_script():
    """Return the source of axe-core, which the build of the front end installs."""
    path = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
    assert path.is_file(), f"{path} is missing: `pip install --editable .` installs it"
    return path.read_text(encoding="utf-8")


@pytest.fixture
def axe_violations(axe_script):
    """Return a function that lists what axe-core finds wrong with the elements of a selector."""

    def look(user, selector):
        if not user.page.evaluate("typeof axe === 'object'"):
            user.page.evaluate(axe_script)
        found = user.page.evaluate(
            "async at => (await axe.run(document.querySelector(at))).violations", selector
        )
        return [
            f"{each['id']}: {node['html'][:120]} {node['failureSummary']}"
            for each in found
            for node in each["nodes"]
        ]

    return look
