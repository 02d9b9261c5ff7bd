from __future__ import annotations

from types import SimpleNamespace

import comm
import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config as TraitConfig

import mmrag_jupyter
from mmrag_jupyter.notebook import extension
from mmrag_jupyter.session import Session
from mmrag_jupyter.widgets import protocol
from mmrag_jupyter.widgets.protocol import TARGET


class Manager:
    """What a kernel has for comms, as far as it is used."""

    def __init__(self):
        self.targets = {}

    def register_target(self, name, opened):
        self.targets[name] = opened

    def unregister_target(self, name, _opened):
        return self.targets.pop(name)


class Page:
    """One end of a comm, and what the other end sent to it."""

    def __init__(self, manager, comm_id="1"):
        self.comm_id = comm_id
        self.sent = []
        self.closed = False
        manager.targets[TARGET](self, {"content": {"data": {}}})

    def send(self, data, *, buffers=()):
        self.sent.append((data, list(buffers)))

    def on_close(self, closed):
        self.handle_close = closed

    def close(self):
        self.closed = True

    def ask(self, verb, **members):
        self.handle_msg({"content": {"data": {"type": verb, "uuid": "u", **members}}})
        return self.sent.pop()[0]

    def result(self, verb, **members):
        answer = self.ask(verb, **members)
        assert (answer["type"], answer["uuid"], answer["verb"]) == ("answer", "u", verb)
        return answer["result"]

    def events(self):
        """Return what was sent unasked since the last call."""
        sent, self.sent = self.sent, []
        return [data for data, _ in sent]


@pytest.fixture
def session(tmp_path):
    made = Session()
    made.config.root = str(tmp_path / "collections")
    return made


@pytest.fixture
def manager(monkeypatch):
    made = Manager()
    monkeypatch.setattr(comm, "get_comm_manager", lambda: made)
    return made


@pytest.fixture
def bare_shell(session, manager, monkeypatch, tmp_path):  # noqa: ARG001 - patched before
    monkeypatch.setattr(extension, "default_session", lambda: session)
    config = TraitConfig()
    config.HistoryManager.hist_file = ":memory:"
    shell = InteractiveShell(ipython_dir=str(tmp_path), config=config)
    yield shell
    extension.unregister(shell)
    shell.history_manager.end_session()


@pytest.fixture
def shell(bare_shell):
    # What a shell has in a kernel.
    object.__setattr__(bare_shell, "kernel", SimpleNamespace())
    extension.register(bare_shell)
    return bare_shell


@pytest.fixture
def page(shell, manager):  # noqa: ARG001 - the shell registers
    return Page(manager)


@pytest.fixture
def loaded(session, tmp_path):
    """A collection of two texts."""
    (tmp_path / "rows.csv").write_text("name,price\nred shoe,3\nblue hat,4\n")
    return session.load(tmp_path / "rows.csv", "rows", text=["name"], model="builtin")


def run(shell, cell):
    shell.run_cell(cell, store_history=True).raise_error()


def test_without_a_kernel_nothing_happens(bare_shell, manager):
    extension.register(bare_shell)
    extension.unregister(bare_shell)
    assert manager.targets == {}


def test_the_target_comes_and_goes_with_the_extension(shell, manager):
    assert set(manager.targets) == {TARGET}
    extension.register(shell)
    page = Page(manager)
    extension.unregister(shell)
    assert manager.targets == {}
    assert page.closed


def test_a_target_that_somebody_put_in_our_place_stays(shell, manager):
    manager.register_target(TARGET, print)
    extension.unregister(shell)
    assert manager.targets == {TARGET: print}


def test_it_says_which_version_answers(page):
    said = page.result("hello", version="0", protocol=protocol.PROTOCOL)
    assert said == {"version": mmrag_jupyter.__version__, "protocol": protocol.PROTOCOL}


def test_the_service_answers_what_it_is_asked(page, loaded):  # noqa: ARG001 - what is found
    found = page.result("collections")["collections"]
    assert [(row["name"], row["items"]) for row in found] == [("rows", 2)]
    asked = {"terms": [{"text": "shoe", "sign": 1}]}
    [hit] = page.result("search", collection="rows", asked=asked, offset=0, limit=5)["hits"]
    assert hit["metadata"]["name"] == "red shoe"


@pytest.mark.parametrize("data", [None, [], "x", {}, {"type": "nonsense"}, {"type": 3}])
def test_nonsense_is_answered_with_an_error(page, data):
    page.handle_msg({"content": {"data": data}})
    [(answer, buffers)] = page.sent
    assert answer["type"] == "error"
    assert buffers == []


def test_a_page_that_has_closed_hears_no_more(shell, page):
    page.handle_close({})
    run(shell, "%mmrag list")
    assert page.events() == []


def test_pages_hear_of_loads_and_of_collections_that_changed(shell, page, tmp_path):
    (tmp_path / "rows.csv").write_text("name\nred shoe\n")
    shell.user_ns["path"] = str(tmp_path / "rows.csv")
    run(shell, "%mmrag load path --as rows --model builtin")
    told = page.events()
    loads = [each["loads"][0] for each in told if each["event"] == "loads"]
    assert loads[0]["state"] == "running"
    assert (loads[-1]["state"], loads[-1]["done"]) == ("finished", 1)
    assert told[-1] == {"type": "event", "event": "collections"}
    run(shell, "x = 1")
    assert page.events() == []
    run(shell, "%mmrag drop rows --yes")
    assert page.events() == [{"type": "event", "event": "collections"}]


def test_a_load_that_ends_without_a_word_is_told_as_stopped(shell, session, page):
    shell.user_ns["session"] = session
    shell.run_cell("session.reporter().start('loading', 3); 1 / 0")
    states = [each["loads"][0]["state"] for each in page.events() if each["event"] == "loads"]
    assert states == ["running", "stopped"]


def test_pages_that_never_took_leave_are_let_go(shell, manager):
    pages = [Page(manager, str(number)) for number in range(20)]
    assert [page.closed for page in pages] == [True] * 4 + [False] * 16
    run(shell, "x = 1")
    assert sum(bool(page.events()) for page in pages) <= 16


def test_a_page_that_is_gone_stops_no_load(shell, page, tmp_path):
    def gone(*_args, **_kwargs):
        raise OSError

    page.send = gone
    (tmp_path / "rows.csv").write_text("name\nred shoe\n")
    shell.user_ns["path"] = str(tmp_path / "rows.csv")
    run(shell, "%mmrag load path --as rows --model builtin")


LAB = {"view": "table", "thumbnail": 99, "output_bytes": 20_000}


def test_settings_of_lab_hold_and_can_be_seen(shell, session, page):
    assert page.result("settings", settings=LAB) == {"kept": []}
    config = session.config
    assert (config.view, config.thumbnail, config.output_bytes) == ("table", 99, 20_000)
    run(shell, "seen = get_ipython().run_line_magic('config', 'Mmrag.view')")
    assert shell.user_ns["seen"] == "table"
    page.result("settings", settings={**LAB, "view": "auto"})
    assert (config.view, config.thumbnail) == ("auto", 99)


def test_what_a_notebook_has_set_itself_stays(shell, session, page):
    run(shell, "%config Mmrag.view = 'auto'")
    session.config.k = 3
    run(shell, "%config Mmrag.thumbnail = 64")
    assert page.result("settings", settings=LAB) == {"kept": ["view", "thumbnail"]}
    assert (session.config.view, session.config.thumbnail) == ("auto", 64)
    assert session.config.output_bytes == LAB["output_bytes"]
    # And what it sets after Lab has.
    run(shell, "%config Mmrag.output_bytes = 8192")
    assert "output_bytes" in page.result("settings", settings=LAB)["kept"]
    assert session.config.output_bytes == 8192


def test_settings_of_lab_go_with_the_extension(shell, session, page):
    page.result("settings", settings=LAB)
    run(shell, "%config Mmrag.view = 'list'")
    extension.unregister(shell)
    assert (session.config.view, session.config.thumbnail) == ("list", 256)


@pytest.mark.parametrize(
    "settings", [None, [], {"view": "sideways"}, {"thumbnail": "x"}, {"output_bytes": -1}]
)
def test_settings_that_cannot_be_are_left(session, page, settings):
    before = vars_of(session.config)
    assert page.ask("settings", settings=settings)["type"] == "answer"
    assert vars_of(session.config) == before


def vars_of(config):
    return {name: getattr(config, name) for name in config.__slots__}


def completions(page, code):
    before, _, after = code.partition("|")
    found = page.result("complete", code=before + after, cursor=len(before))
    assert found["end"] == len(before)
    return {before[: found["start"]] + each["text"]: each for each in found["items"]}


def test_completions_say_what_they_are_and_mean(page):
    commands = completions(page, "x = 1\nhits = %mmrag qu|")
    assert list(commands) == ["x = 1\nhits = %mmrag query"]
    assert commands["x = 1\nhits = %mmrag query"]["type"] == "magic"
    assert "Usage: %mmrag query" in commands["x = 1\nhits = %mmrag query"]["documentation"]
    [option] = completions(page, "%mmrag query red --whe|").values()
    assert option["type"] == "param"
    assert option["documentation"].startswith("--where EXPR\n\n")


def test_tables_are_described_by_their_columns(shell, page):
    run(shell, "import pandas as pd\nframe = pd.DataFrame({'name': ['a'], 'photo': ['b']})")
    [table] = completions(page, "%mmrag load fra|").values()
    assert table["type"] == "instance"
    assert table["documentation"].startswith("frame: DataFrame, 1 rows: name, photo")
    columns = completions(page, "%mmrag load frame --text |").values()
    assert [each["type"] for each in columns] == ["column", "column"]
    for each in columns:
        assert each["documentation"].startswith("--text COLS\n\n"), each


def test_values_are_known_by_their_kind(page, loaded):  # noqa: ARG001 - what is completed
    [one] = completions(page, "%mmrag use ro|").values()
    assert one["type"] == "collection"
    assert one["documentation"].startswith("NAME\n\n"), one
    [one] = completions(page, "%mmrag query --view ga|").values()
    assert (one["text"], one["type"]) == ("gallery", "value")


@pytest.mark.parametrize("code", ["pri|", "%mmrag query te|xt", "%%mmrag query\nte|", "|"])
def test_elsewhere_nothing_is_completed(page, code):
    assert completions(page, code) == {}


def test_characters_are_counted_as_python_counts_them(page):
    [one] = completions(page, "x = '🦊🦊'\n%mmrag query 🦊 --whe|")
    assert one == "x = '🦊🦊'\n%mmrag query 🦊 --where"


@pytest.mark.parametrize(
    "asked", [{}, {"code": 3, "cursor": 0}, {"code": "%mmrag ", "cursor": "0"}]
)
def test_a_completion_that_is_none_gives_none(page, asked):
    assert page.result("complete", **asked)["items"] == []


def test_a_failing_completion_disturbs_nobody(page, session):
    session.names = None
    assert completions(page, "%mmrag use |") == {}
