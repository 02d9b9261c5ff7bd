from __future__ import annotations

import json

HEAVY = (
    "torch",
    "transformers",
    "sentence_transformers",
    "llama_index",
    "faiss",
    "pandas",
    "pyarrow",
    "datasets",
    "PIL",
)
STATE = """
def state():
    shell = get_ipython()
    return (
        [type(one).__name__ for one in shell.configurables],
        sorted(shell.magics_manager.magics["line"]),
        sorted(shell.magics_manager.magics["cell"]),
        sorted(shell.magics_manager.registry),
        [getattr(one, "matcher_identifier", "") for one in shell.Completer.custom_matchers],
        {name: len(called) for name, called in shell.events.callbacks.items()},
        sorted(name for name in shell.user_ns if not name.startswith("_")),
    )
"""


def test_loading_the_extension_imports_nothing_heavy(bare_kernel):
    bare_kernel.ok("%load_ext mmrag_jupyter")
    bare_kernel.ok("%mmrag help")
    bare_kernel.complete("%mmrag load |")
    ran = bare_kernel.ok(
        f"import json, sys; print(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"
    )
    assert json.loads(ran.stdout) == []
    bare_kernel.ok("%unload_ext mmrag_jupyter")


def test_loading_reloading_and_unloading_leave_the_shell_as_it_was(bare_kernel):
    bare_kernel.ok(STATE)
    bare_kernel.ok("before = loaded = None; before = state()")
    for _ in range(3):
        bare_kernel.ok("%load_ext mmrag_jupyter")
        bare_kernel.ok("loaded = state()")
        bare_kernel.ok("%reload_ext mmrag_jupyter")
        bare_kernel.ok("assert state() == loaded, (state(), loaded)")
        bare_kernel.ok("%unload_ext mmrag_jupyter")
        bare_kernel.ok("assert state() == before, (state(), before)")
    assert "not found" in bare_kernel.run("%mmrag list").stderr


def test_settings_are_checked_and_a_refused_one_breaks_no_reload(bare_kernel):
    bare_kernel.ok("%load_ext mmrag_jupyter")
    refused = bare_kernel.ok("%config Mmrag.k = 'a'")
    assert "'k'" in refused.stderr
    assert refused.stderr.count("\n") == 1
    bare_kernel.ok("%reload_ext mmrag_jupyter")
    assert bare_kernel.ok("%config Mmrag.k").text == "8"
    bare_kernel.ok("%config Mmrag.k = 2")
    bare_kernel.ok("%reload_ext mmrag_jupyter")
    assert bare_kernel.ok("%config Mmrag.k").text == "2"
    assert "Mmrag.view=<Enum>" in bare_kernel.ok("%config Mmrag").stdout


def test_a_setting_counts_in_the_next_query(bare_kernel):
    bare_kernel.ok("%load_ext mmrag_jupyter")
    bare_kernel.ok("import pandas as pd; many = pd.DataFrame({'title': ['shoe'] * 9})")
    bare_kernel.ok("%mmrag load many --text title --model builtin")
    bare_kernel.ok("%config Mmrag.k = 3")
    assert bare_kernel.ok("len(get_ipython().run_line_magic('mmrag', 'query shoe'))").text == "3"
