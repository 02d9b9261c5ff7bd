from __future__ import annotations

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config as TraitConfig

from mmrag_jupyter.notebook import extension
from mmrag_jupyter.notebook.commands import COMMANDS


@pytest.fixture
def bare_shell(session, monkeypatch, tmp_path):
    monkeypatch.setattr(extension, "default_session", lambda: session)
    config = TraitConfig()
    config.HistoryManager.hist_file = ":memory:"
    shell = InteractiveShell(ipython_dir=str(tmp_path), config=config)
    yield shell
    extension.unregister(shell)
    shell.history_manager.end_session()


@pytest.fixture
def shell(bare_shell):
    extension.register(bare_shell)
    return bare_shell


@pytest.fixture
def asked(session):
    return session.collections["products"].asked


def state(shell):
    manager = shell.magics_manager
    return {
        "configurables": [id(one) for one in shell.configurables],
        "line": dict(manager.magics["line"]),
        "cell": dict(manager.magics["cell"]),
        "registry": set(manager.registry),
        "matchers": list(shell.Completer.custom_matchers),
        "events": {name: list(called) for name, called in shell.events.callbacks.items()},
        "names": set(shell.user_ns),
        "hidden": set(shell.user_ns_hidden),
    }


def run(shell, cell):
    result = shell.run_cell(cell, store_history=True)
    result.raise_error()
    return result.result


def test_load_and_unload_leave_the_shell_as_it_was(bare_shell, session):
    before, reporter = state(bare_shell), session.reporter
    for _ in range(3):
        extension.register(bare_shell)
        assert bare_shell.find_line_magic("mmrag")
        assert bare_shell.find_cell_magic("mmrag")
        assert session.reporter is not reporter
        extension.unregister(bare_shell)
        assert state(bare_shell) == before
        assert session.reporter is reporter
    extension.unregister(bare_shell)
    assert state(bare_shell) == before


def test_loading_again_replaces_what_was_there(shell):
    first = state(shell)
    extension.register(shell)
    second = state(shell)
    assert {key: len(value) for key, value in first.items()} == {
        key: len(value) for key, value in second.items()
    }
    assert second["names"] == first["names"]


def test_what_a_user_put_in_our_place_stays(shell):
    shell.register_magic_function("-".join, "line", "mmrag")
    extension.unregister(shell)
    assert shell.run_line_magic("mmrag", "mine") == "m-i-n-e"


def test_a_query_is_not_expanded(shell, asked):
    run(shell, "colour = 'red'\n%mmrag query {colour} $colour men's (shoes")
    assert asked[-1][0] == "{colour} $colour men's (shoes"


def test_a_cell_is_the_text_as_it_is(shell, asked):
    run(shell, "%%mmrag query -k 5 --out similar\nit's {raw} and $dollars\n  (open\n")
    assert asked[-1][0] == "it's {raw} and $dollars\n  (open"
    assert shell.user_ns["similar"] == ["it's {raw} and $dollars\n  (open"]


def test_a_result_is_a_value(shell):
    assert run(shell, "%mmrag query a") == ["a"]
    assert shell.user_ns["_"] == ["a"]
    assert run(shell, "hits = %mmrag query b --out other\nhits + other") == ["b", "b"]


@pytest.mark.parametrize("text", ["a;", "men's (shoes;", '"a";', "a ;  "])
def test_a_semicolon_hides_the_result(shell, asked, text):
    assert run(shell, f"%mmrag query {text}") is None
    assert asked


def test_a_semicolon_on_a_cells_first_line_hides_the_result(shell, asked):
    assert run(shell, "%%mmrag query -k 2;\ntext;") is None
    assert asked[-1][0] == "text;"


def test_a_semicolon_takes_nothing_from_an_assignment(shell):
    run(shell, "hits = %mmrag query a;")
    assert shell.user_ns["hits"] == ["a"]


def test_variables_of_a_function_are_seen(shell, session):
    run(
        shell,
        "import pandas as pd\n"
        "def load():\n"
        "    inner = pd.DataFrame({'a': [1]})\n"
        "    %mmrag load inner\n"
        "    return inner\n"
        "frame = load()",
    )
    assert session.loaded[0][0] is shell.user_ns["frame"]


def test_errors_reach_the_shell_as_they_are(shell, capsys):
    assert not shell.run_cell("%mmrag qurey x").success
    assert not shell.run_cell("%mmrag query x --in prodcts").success
    out, err = capsys.readouterr()
    assert err == (
        "UsageError: %mmrag has no command 'qurey'. Did you mean 'query'?"
        " `%mmrag help` lists the commands.\n"
    )
    assert out == "NotFoundError: No collection 'prodcts'. Did you mean 'products'?\n"


def test_the_docstring_lists_the_commands(shell):
    doc = shell.find_line_magic("mmrag").__doc__
    assert all(f"  {name} " in doc for name in COMMANDS)


def test_settings_reach_the_session(shell, session):
    run(shell, "%config Mmrag.k = 3")
    run(shell, "%config Mmrag.view = 'table'")
    run(shell, "%config Mmrag.text_model = 'tiny'")
    run(shell, "%config Mmrag.text_model = None")
    assert (session.config.k, session.config.view, session.config.text_model) == (3, "table", None)


@pytest.mark.parametrize(
    ("setting", "seen"),
    [
        ("k = 'a'", "the str 'a'"),
        ("k = 0", "0"),
        ("view = 'galery'", "'galery'"),
        ("model = ' '", "Mmrag.model is blank"),
        ("thumbnail = 5000", "5000"),
        ("output_bytes = 1", "1"),
        ("root = ''", "Mmrag.root is blank"),
    ],
)
def test_a_bad_setting_is_refused_in_one_line_and_breaks_nothing(
    shell, session, caplog, setting, seen
):
    before = vars(session.config).copy()
    run(shell, f"%config Mmrag.{setting}")
    [record] = caplog.records
    assert seen in record.message
    assert "\n" not in record.message
    assert vars(session.config) == before
    extension.unregister(shell)
    extension.register(shell)
    assert vars(session.config) == before
    run(shell, "%config Mmrag.k = 4")
    assert session.config.k == 4


def test_a_good_setting_survives_reloading(shell, session):
    run(shell, "%config Mmrag.k = 3")
    extension.unregister(shell)
    extension.register(shell)
    assert session.config.k == 3
    assert run(shell, "%config Mmrag.k") == 3


def test_settings_of_the_session_are_kept(bare_shell, session):
    session.config.k = 5
    extension.register(bare_shell)
    assert session.config.k == 5
    assert run(bare_shell, "%config Mmrag.k") == 5


def test_progress_left_running_ends_with_the_cell(shell, session, capsys):
    shell.user_ns["session"] = session
    shell.run_cell("session.reporter().start('loading', 3); 1 / 0")
    assert "loading: stopped at 0 of 3 items" in capsys.readouterr().out


def completions(shell, code, cursor=None):
    with provisionalcompleter():
        found = list(shell.Completer.completions(code, len(code) if cursor is None else cursor))
    return [code[: one.start] + one.text for one in found]


@pytest.mark.parametrize(
    "start", ["%mmrag ", "%%mmrag ", "x = %mmrag ", "  %mmrag ", "%time %mmrag "]
)
def test_completion_wherever_the_magic_stands(shell, start):
    assert completions(shell, f"{start}dro") == [f"{start}drop"]


def test_completion_in_a_later_line_and_over_continued_ones(shell):
    assert completions(shell, "x = 1\n%mmrag dro") == ["x = 1\n%mmrag drop"]
    assert completions(shell, '%mmrag query a \\\n  --where "pr') == [
        '%mmrag query a \\\n  --where "price'
    ]


def test_completion_in_the_middle_of_a_line(shell):
    shell.run_cell("import pandas as pd\nframe = pd.DataFrame({'name': [1]})")
    code = "%mmrag load --text na frame"
    assert completions(shell, code, code.index(" frame")) == ["%mmrag load --text name"]


def test_nobody_completes_the_text_below_a_cell_magic(shell):
    shell.run_cell("reddish = 1")
    assert completions(shell, "%%mmrag query\nredd") == ["%%mmrag query\nredd"]
    assert completions(shell, "%%mmrag query\nimport ") == ["%%mmrag query\nimport "]


def test_other_lines_complete_as_before(shell):
    shell.run_cell("reddish = 1")
    assert "reddish" in completions(shell, "redd")
    assert "%mmrag" in completions(shell, "%mmr")
    assert any("reddish" in one for one in completions(shell, "x = 5 % redd"))


def test_a_failing_completion_disturbs_nobody(shell, session, capsys):
    session.names = None
    completions(shell, "%mmrag use ")
    assert capsys.readouterr() == ("", "")
