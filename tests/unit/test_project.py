"""What the project promises as a whole: its package, its imports, its pins and its files."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import mmrag_jupyter

ROOT = Path(__file__).parents[2]

# Below this lies in the wheel what pip puts into the environment's share/jupyter.
NAME = f"mmrag_jupyter-{mmrag_jupyter.__version__}"
EXTENSION = f"{NAME}.data/data/share/jupyter/labextensions/mmrag-jupyter/"

HEAVY = {
    "IPython", "PIL", "anywidget", "av", "datasets", "faiss", "ipywidgets", "llama_index",
    "matplotlib", "numpy", "pandas", "polars", "pyarrow", "sentence_transformers", "soundfile",
    "soxr", "sqlite3", "torch", "transformers",
}  # fmt: skip


@pytest.fixture(scope="module")
def tracked():
    """Return the files that git tracks or would track, as paths relative to the root."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(listed, cwd=ROOT, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout: there is no list of tracked files")
    names = sorted(set(filter(None, done.stdout.decode().split("\0"))))
    return [Path(name) for name in names if (ROOT / name).is_file()]


def build(target, folder):
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)]
    # The front end was built when the package was installed; here it is only packed.
    packing = {**os.environ, "SKIP_JUPYTER_BUILDER": "1"}
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, env=packing)
    (built,) = folder.iterdir()
    return built


def test_the_wheel_holds_the_package_and_its_licence_and_nothing_else(tmp_path):
    wheel = build("wheel", tmp_path)
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        metadata = archive.read(
            f"mmrag_jupyter-{mmrag_jupyter.__version__}.dist-info/METADATA"
        ).decode()
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "mmrag_jupyter").rglob("*.py")}
    info = f"mmrag_jupyter-{mmrag_jupyter.__version__}.dist-info/"
    assert modules <= names
    assert "mmrag_jupyter/py.typed" in names
    assert info + "licenses/LICENSE" in names
    outside = {name for name in names if not name.startswith(("mmrag_jupyter/", info))}
    assert {name for name in outside if not name.startswith(EXTENSION)} == set()
    assert not [name for name in names if name.endswith((".pyc", ".ipynb"))]
    assert "License-Expression: Apache-2.0" in metadata


def test_the_wheel_puts_the_built_extension_where_jupyterlab_looks(tmp_path):
    with zipfile.ZipFile(build("wheel", tmp_path)) as archive:
        names = set(archive.namelist())
        described = json.loads(archive.read(EXTENSION + "package.json"))
        assert archive.read("mmrag_jupyter/widgets/static/panel.js")
    assert described["version"] == mmrag_jupyter.__version__
    assert EXTENSION + described["jupyterlab"]["_build"]["load"] in names
    assert EXTENSION + "static/style.js" in names
    assert EXTENSION + "install.json" in names


def test_jupyterlab_finds_the_extension_enabled_and_fit_for_it():
    listing = [sys.executable, "-m", "jupyter", "labextension", "list"]
    done = subprocess.run(listing, capture_output=True, text=True, check=True)
    line = next(each for each in done.stderr.splitlines() if "mmrag-jupyter" in each)
    plain = re.sub(r"\x1b\[\d*m", "", line)
    assert plain.split()[:4] == ["mmrag-jupyter", f"v{mmrag_jupyter.__version__}", "enabled", "OK"]


def test_the_front_end_has_the_version_of_the_package():
    described = json.loads((ROOT / "frontend" / "package.json").read_text(encoding="utf-8"))
    assert described["version"] == mmrag_jupyter.__version__


def test_the_sdist_can_be_tested_and_holds_no_build_results(tmp_path):
    archive = build("sdist", tmp_path)
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    assert {"pyproject.toml", "constraints.txt", "LICENSE", "README.md", "Makefile"} <= names
    assert "tests/unit/test_project.py" in names
    assert {"frontend/package.json", "frontend/yarn.lock", "frontend/hits/model.ts"} <= names
    # What is built travels along, so that its wheel needs no node.
    assert {
        "mmrag_jupyter/labextension/package.json",
        "mmrag_jupyter/widgets/static/panel.js",
    } <= names
    assert not [name for name in names if "node_modules" in name or name.startswith("frontend/lib")]
    assert not [name for name in names if re.match(r"(\.venv|build|dist|\.mmrag)/", name)]


def imported_by(code):
    script = f"import sys; before = set(sys.modules); {code}; print(*set(sys.modules) - before)"
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    return {part for name in done.stdout.split() for part in (name, name.partition(".")[0])}


def test_importing_the_package_imports_nothing_heavy():
    names = imported_by("import mmrag_jupyter")
    assert "mmrag_jupyter" in names
    assert names & HEAVY == set()


def test_loading_the_extension_imports_no_model_or_data_library():
    names = imported_by(
        "from IPython.core.interactiveshell import InteractiveShell;"
        "shell = InteractiveShell(); before = set(sys.modules);"
        "shell.run_line_magic('load_ext', 'mmrag_jupyter')"
    )
    assert "mmrag_jupyter" in names
    assert names & (HEAVY - {"IPython", "sqlite3"}) == set()  # IPython needs the last
    # A collection and what it is made of are two hundred small modules.
    assert names & {"mmrag_jupyter.collection", "mmrag_jupyter.store"} == set()


@pytest.mark.parametrize("name", mmrag_jupyter.__all__)
def test_every_public_name_resolves_and_is_documented(name):
    value = getattr(mmrag_jupyter, name)
    assert name == "__version__" or value.__doc__


def test_an_unknown_public_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'lod'"):
        _ = mmrag_jupyter.lod


def test_no_tracked_file_names_a_registry_host_or_a_path_of_the_machine(tracked):
    # Put together from pieces, so that this file passes its own test.
    hosts = [
        "py" + "pi.org",
        "python" + "hosted",
        "npm" + "js.",
        "yarn" + "pkg.",
        "deb.deb" + "ian",
    ]
    homes = ["/ho" + "me/[a-z]", "/ro" + "ot/", "/Us" + "ers/[A-Za-z]", "/wo" + "rk/"]
    pattern = re.compile("|".join([*map(re.escape, hosts), *homes]).encode())
    found = {
        str(path): match.group().decode()
        for path in tracked
        if path.name != ".gitignore" and (match := pattern.search((ROOT / path).read_bytes()))
    }
    assert found == {}


def test_no_module_has_grown_past_350_lines(tracked):
    sizes = {
        str(path): len((ROOT / path).read_text(encoding="utf-8").splitlines())
        for path in tracked
        if path.parts[0] == "mmrag_jupyter" and path.suffix == ".py"
    }
    assert sizes
    assert {path: lines for path, lines in sizes.items() if lines > 350} == {}


def pins():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    matches = [re.fullmatch(r"([\w.-]+)==([\w.!]+)", line) for line in lines if line[:1] != "#"]
    assert all(matches), "a pin is a name, ==, and a version without a local part"
    return {canonicalize_name(match[1]): match[2] for match in matches}


def declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    lines = list(project["project"]["dependencies"])
    for group in project["dependency-groups"].values():
        lines += [line for line in group if isinstance(line, str)]
    return [Requirement(line) for line in lines]


@pytest.mark.parametrize("requirement", declared(), ids=str)
def test_every_declared_dependency_is_pinned_within_its_range(requirement):
    assert requirement.specifier.contains(pins()[canonicalize_name(requirement.name)])
