"""What JupyterLab's buttons write, the magic reads: TypeScript against Python."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmrag_jupyter.notebook.parser import parse
from mmrag_jupyter.notebook.words import split

FRONTEND = Path(__file__).parents[3] / "frontend"
ENTRY = """
import { createInterface } from 'node:readline';
import { asWord, fitsInLine, likeLine, loadLine, showLine, similarLine } from './magicline';
import { folderOf, kernelPath } from './paths';
import { kindOf } from './kinds';
import { magicMarks } from './magicmarks';

const contents = {
  driveName: path => /^(\\w+):/.exec(path)?.[1] ?? '',
  localPath: path => path.replace(/^\\w+:/, '')
};
const calls = {
  asWord, fitsInLine, likeLine, loadLine, showLine, similarLine, magicMarks,
  kernelPath: (folder, item) => kernelPath(contents, folder, item),
  folderOf: path => folderOf(contents, path),
  kindOf
};
for await (const line of createInterface({ input: process.stdin })) {
  const [name, ...given] = JSON.parse(line);
  process.stdout.write(JSON.stringify(calls[name](...given)) + '\\n');
}
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Return a function that calls one of the front end's."""
    esbuild = FRONTEND / "node_modules" / ".bin" / "esbuild"
    if not (esbuild.exists() and shutil.which("node")):
        said = "no front end: `cd frontend && jlpm install` installs what these tests need"
        if os.environ.get("MMRAG_UI_TESTS") == "1":
            pytest.fail(said)
        pytest.skip(said)
    made = tmp_path_factory.mktemp("lab") / "lab.mjs"
    subprocess.run(
        [
            *(esbuild, "--bundle", "--platform=node", "--format=esm", "--log-level=error"),
            *("--loader=ts", f"--outfile={made}"),
            # Of Lab's library one function is used here, and it is the same as Node's.
            f"--alias:@jupyterlab/coreutils={_path_ext(made.parent)}",
        ],
        input=ENTRY,
        text=True,
        check=True,
        cwd=FRONTEND / "labextension",
    )
    running = subprocess.Popen(
        [shutil.which("node"), made],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )

    def call(name, *given):
        running.stdin.write(json.dumps([name, *given]) + "\n")
        running.stdin.flush()
        return json.loads(running.stdout.readline())

    call("fitsInLine", "")  # it has started
    yield call
    running.stdin.close()
    running.wait(30)


def _path_ext(folder):
    path = folder / "coreutils.mjs"
    path.write_text(
        "import { posix } from 'node:path';\n"
        "export const PathExt = { dirname: path => { const up = posix.dirname(path);"
        " return up === '.' ? '' : up; } };\n"
    )
    return path


ONE_LINE = st.text(st.characters(exclude_categories=["Cs"])).filter(
    lambda text: len(f"{text}.".splitlines()) == 1 and "\0" not in text
)

# A dialog gives nothing else, and the magic takes nothing blank.
FILLED_IN = ONE_LINE.map(str.strip)
NOT_BLANK = ONE_LINE.filter(str.strip)


@settings(deadline=None)
@given(ONE_LINE)
def test_every_text_of_one_line_is_one_word(lab, text):
    assert lab("fitsInLine", text)
    written = lab("asWord", text)
    assert [word.text for word in split(written)] == [text]
    assert [word.text for word in split(f"{written} --in x")] == [text, "--in", "x"]


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_python_takes_for_several_lines_is_refused(lab, text):
    one = len(f"{text}.".splitlines()) == 1 and "\0" not in text
    assert lab("fitsInLine", text) == one


@settings(deadline=None)
@given(
    FILLED_IN, NOT_BLANK, st.lists(st.sampled_from(["title", " unit price ", "", "it's", '"q"']))
)
def test_a_load_says_what_was_filled_in(lab, name, path, columns):
    options = {"name": name, "text": ",".join(columns), "image": "a, b,"}
    line = lab("loadLine", f"./{path}", options).removeprefix("%mmrag ")
    given = parse(line).arguments
    assert given.text("source") == f"./{path}"
    assert (given.text("as") or "") == name
    assert (given.listed("text") or []) == [each.strip() for each in columns if each]
    assert given.listed("image") == ["a", "b"]
    assert not parse(line).silent


@settings(deadline=None)
@given(st.lists(NOT_BLANK, min_size=1), NOT_BLANK)
def test_ids_of_any_kind_are_asked_for(lab, ids, collection):
    line = lab("likeLine", ids, collection).removeprefix("%mmrag ")
    assert parse(line).arguments.all("like") == ids
    shown = lab("showLine", ids[0], collection).removeprefix("%mmrag ")
    assert parse(shown).arguments.text("id") == ids[0]
    assert parse(shown).arguments.text("in") == collection


@pytest.mark.parametrize(
    ("folder", "item", "path"),
    [
        ("", "a.png", "./a.png"),
        ("notes", "notes/a.png", "./a.png"),
        ("notes", "a.png", "../a.png"),
        ("notes/may", "pictures/a b.png", "../../pictures/a b.png"),
        ("notes", "notes", "."),
        ("notes", "", ".."),
        ("notes", "notes2/a.png", "../notes2/a.png"),
        ("RTC:notes", "notes/a.png", "./a.png"),
        ("notes", "RTC:a.png", "../a.png"),
    ],
)
def test_paths_are_those_that_the_kernel_sees(lab, folder, item, path):
    assert lab("kernelPath", folder, item) == {"kind": "path", "path": path}


def test_a_file_on_a_drive_of_its_own_has_no_path(lab):
    assert lab("kernelPath", "notes", "S3:bucket/a.png") == {"kind": "drive", "drive": "S3"}
    assert lab("kernelPath", "", "a\nb.png") == {"kind": "unwritable"}


def test_the_folder_of_a_file_keeps_its_drive(lab):
    assert lab("folderOf", "RTC:notes/a.ipynb") == "RTC:notes"
    assert lab("folderOf", "a.ipynb") == ""


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.PNG", "picture"),
        ("a.tar.csv", "table"),
        ("a.pdf", "document"),
        ("a.wav", "sound"),
        ("a.py", None),
        (".png", None),
        ("png", None),
    ],
)
def test_files_are_known_by_their_names(lab, name, kind):
    assert lab("kindOf", {"name": name, "type": "file"}) == kind
    assert lab("kindOf", {"name": name, "type": "directory"}) == "folder"


def marks(lab, code):
    """Return the marked stretches of a cell, by kind."""
    lines, at = [], 0
    for text in code.split("\n"):
        lines.append({"from": at, "text": text})
        at += len(text) + 1
    return [(one["kind"], code[one["from"] : one["to"]]) for one in lab("magicMarks", lines)]


def test_a_line_is_coloured_by_what_its_words_are(lab):
    code = "x = 1\nhits = %mmrag query men's \"a b\" --where 'p < 5' -k 3\ny = x % mmrag"
    assert marks(lab, code) == [
        ("magic", "%mmrag"),
        ("command", "query"),
        ("words", "men's"),
        ("quoted", '"a b"'),
        ("option", "--where"),
        ("quoted", "'p < 5'"),
        ("option", "-k"),
        ("words", "3"),
    ]


def test_the_text_below_a_cell_magic_is_no_python(lab):
    assert marks(lab, "\n%%mmrag query -k 2\nit's a (text\n\nof mine") == [
        ("magic", "%%mmrag"),
        ("command", "query"),
        ("option", "-k"),
        ("words", "2"),
        ("words", "it's a (text"),
        ("words", "of mine"),
    ]
    assert marks(lab, "x = 1\n%%mmrag query") == []


def test_a_continued_line_goes_on(lab):
    assert marks(lab, '%mmrag query a \\\n  --where "b"\nprint("c")') == [
        ("magic", "%mmrag"),
        ("command", "query"),
        ("words", "a"),
        ("words", "\\"),
        ("option", "--where"),
        ("quoted", '"b"'),
    ]
