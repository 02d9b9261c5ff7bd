"""The sentences of the front end, as the sources give them to Lab's translator."""

from __future__ import annotations

import json
import re
from pathlib import Path

FRONTEND = Path(__file__).parents[1] / "frontend"
DOMAIN = "mmrag_jupyter"

TEXT = r"'((?:\\.|[^'\\\n])*)'"
ONE = re.compile(rf"\.__\(\s*{TEXT}")
MANY = re.compile(rf"\._n\(\s*{TEXT},\s*{TEXT}")


def sources(*folders):
    found = [
        path for folder in folders for path in (FRONTEND / folder).rglob("*") if path.is_file()
    ]
    return sorted(path for path in found if path.suffix in {".ts", ".tsx"})


def sentences():
    """Return what a translator is to translate: a sentence, with its plural or None.

    No sentence may be there both with a plural and without, or with two of them.
    """
    found = {}
    for path in sources("labextension", "hits", "answers", "reports", "panel"):
        code = path.read_text(encoding="utf-8")
        for match in ONE.finditer(code):
            assert found.setdefault(plain(match[1]), None) is None, match[1]
        for match in MANY.finditer(code):
            assert found.setdefault(plain(match[1]), plain(match[2])) == plain(match[2]), match[1]
    return found


def plain(literal):
    return re.sub(r"\\(.)", r"\1", literal)


def language_pack(folder, language, translate):
    """Write a package as JupyterLab looks for them, with our sentences in another language."""
    name = f"jupyterlab_language_pack_{language}"
    messages = folder / name / "locale" / language / "LC_MESSAGES"
    messages.mkdir(parents=True)
    (folder / name / "__init__.py").touch()
    plurals = "nplurals=2; plural=(n != 1);"
    tag = language.replace("_", "-")
    catalogue = {"": {"domain": DOMAIN, "language": tag, "plural_forms": plurals}}
    for one, more in sentences().items():
        catalogue[one] = [translate(each) for each in (one, more) if each is not None]
    (messages / f"{DOMAIN}.json").write_text(json.dumps(catalogue), encoding="utf-8")
    about = folder / f"{name}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[jupyterlab.languagepack]\n{language} = {name}\n")
