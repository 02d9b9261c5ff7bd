"""Panel and results in pages whose Content-Security-Policy forbids code made of text."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from panel_host import hit, hosts
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import expect
from saved_outputs import card, picture, result
from sounds import tone

from mmrag_jupyter.display.answer import answer_bundle
from mmrag_jupyter.display.answer_parts import Reference, Reply
from mmrag_jupyter.display.prose import Cite, Element
from mmrag_jupyter.display.stretches import Stretch
from mmrag_jupyter.ingest import LoadReport
from mmrag_jupyter.items import Problem, Sound

FRONTEND = Path(__file__).parents[2] / "frontend"

# What docs/panel.md and docs/results.md say that a page has to allow, and nothing else.
PANEL = "default-src 'none'; script-src blob:; style-src 'unsafe-inline'; img-src blob:"
RESULTS = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; media-src data:"

NOTE = """
window.refused = [];
document.addEventListener('securitypolicyviolation', event => window.refused.push(
  `${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile} ${event.sample}`));
"""

SOME = """
new Promise(done => {
  const look = () => window.refused.length > 0 ? done(window.refused) : setTimeout(look, 20);
  look(); })
"""

# The views as the renderers of JupyterLab mount them, over the bundle that a notebook keeps.
ENTRY = """
import {{ ANSWER_MIME, readAnswer }} from '{root}/answers/model';
import {{ drawAnswer }} from '{root}/answers/AnswerView';
import {{ mountHits }} from '{root}/hits/HitsView';
import {{ HITS_MIME, readHits }} from '{root}/hits/model';
import {{ hitsStrings }} from '{root}/hits/strings';
import {{ answerStringsOf }} from '{root}/labextension/answerstrings';
import {{ pictureSources, soundSources }} from '{root}/labextension/htmlpictures';
import {{ reportStringsOf }} from '{root}/labextension/reportstrings';
import {{ readReport, REPORT_MIME }} from '{root}/reports/model';
import {{ drawReport }} from '{root}/reports/ReportView';
import {{ ENGLISH }} from '{root}/translation';

const host = document.getElementById('output');
const bundle = await (await fetch('bundle.json')).json();
const translator = {{ load: () => ENGLISH }};
const urls = pictureSources(bundle['text/html']);
const sounds = soundSources(bundle['text/html']);
const at = thumbnail => urls[thumbnail?.image ?? -1];
if (HITS_MIME in bundle) {{
  const {{ model }} = readHits(bundle[HITS_MIME]);
  const picture = hit => at(hit.thumbnail) ?? null;
  const sound = hit => sounds[hit.sound?.audio ?? -1] ?? null;
  mountHits(host, {{ model, picture, sound, actions: [], strings: hitsStrings(ENGLISH) }});
}} else if (REPORT_MIME in bundle) {{
  const {{ report }} = readReport(bundle[REPORT_MIME]);
  drawReport(host, {{ report, actions: [], strings: reportStringsOf(translator) }});
}} else {{
  const {{ answer }} = readAnswer(bundle[ANSWER_MIME]);
  const strings = answerStringsOf(translator);
  const picture = source => at(source.thumbnail) ?? '';
  drawAnswer(host, {{ answer, picture, sound: source => sounds[source.audio] ?? '', strings }});
}}
"""


@contextmanager
def site(policy, files):
    """Serve `files`, by their paths, under a policy; return the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            kind, content = files.get(self.path, ("text/plain", ""))
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            self.wfile.write(content.encode())

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def goes(guard, address):
    page = guard.context.new_page()
    page.add_init_script(NOTE)
    page.goto(address)
    return page


def jpeg():
    out = io.BytesIO()
    picture(1)().save(out, "jpeg")
    return out.getvalue()


def drawn(image):
    """Wait until the browser has decoded a picture; return the scheme of its address."""
    expect(image).to_be_visible()
    expect(image).to_have_js_property("complete", True)
    assert image.evaluate("node => node.naturalWidth") > 0
    return image.evaluate("node => new URL(node.src).protocol")


BARE = '<!doctype html><html theme="dark"><body><div id="output"></div>'


def test_the_panel_needs_blobs_and_inline_styles_and_nothing_else(guard):
    hits = [hit(number, pictured=True, shape="x") for number in (1, 2, 3)]
    with site(PANEL, {"/": ("text/html", BARE)}) as address:
        page = goes(guard, address)
        hosts(page, hits, jpeg())
        shown = page.locator(".mmrag-panel .mmrag-hit")
        expect(shown).to_have_count(3)
        assert drawn(shown.first.locator("img")) == "blob:"
        expect(page.locator(".mmrag-panel[style*='color-scheme: dark']")).to_be_visible()
        page.evaluate("document.documentElement.setAttribute('theme', 'default')")
        expect(page.locator(".mmrag-panel[style*='color-scheme: light']")).to_be_visible()

        page.get_by_role("searchbox", name="Search").fill("teapot")
        page.locator("input[type=file]").set_input_files(
            {"name": "mine.jpg", "mimeType": "image/jpeg", "buffer": jpeg()}
        )
        assert drawn(page.locator(".mmrag-panel-chip img")) == "blob:"
        for view in ("Table", "List", "Gallery"):
            page.get_by_role("button", name=view).click()
            expect(shown.first).to_be_visible()
        shown.first.dblclick()
        assert drawn(page.get_by_role("dialog").locator("img").first) == "blob:"
        page.keyboard.press("Escape")
        kinds = page.evaluate("asked.map(one => one.type)")
        assert {"code", "search", "facets", "thumbnails", "item"} <= set(kinds)
        page.evaluate("takeAway()")
        assert page.evaluate("refused") == []


@pytest.mark.parametrize("kind", ["script-src blob:", "style-src 'unsafe-inline'", "img-src blob:"])
def test_the_panel_needs_each_of_them(guard, kind):
    policy = PANEL.replace(kind, "")
    hits = [hit(1, pictured=True)]
    with site(policy, {"/": ("text/html", BARE)}) as address:
        page = goes(guard, address)
        if kind.startswith("script"):
            with pytest.raises(PlaywrightError, match="dynamically imported module"):
                hosts(page, hits, jpeg())
        else:
            hosts(page, hits, jpeg())
            # Without its styles or its pictures the panel still answers.
            expect(page.locator(".mmrag-panel .mmrag-hit")).to_have_count(1)
        refused = page.evaluate(SOME)
        assert {each.split("-")[0] for each in refused} == {kind.split("-")[0]}


@pytest.fixture(scope="module")
def views(tmp_path_factory):
    """Return the views of hits, answers and reports as one script, and their styles."""
    esbuild = FRONTEND / "node_modules" / "esbuild" / "bin" / "esbuild"
    if shutil.which("node") is None or not esbuild.is_file():
        reason = "no node, or the front end's packages are not installed (jlpm install)"
        if os.environ.get("MMRAG_UI_TESTS") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("views")
    entry, made = folder / "entry.ts", folder / "views.js"
    entry.write_text(ENTRY.format(root=FRONTEND))
    command = [
        *(str(esbuild), str(entry), "--bundle", "--format=esm", "--target=es2022"),
        *("--jsx=automatic", "--jsx-import-source=preact", f"--outfile={made}"),
    ]
    done = subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "NODE_PATH": str(FRONTEND / "node_modules")},
    )
    assert done.returncode == 0, done.stderr
    styles = [
        (FRONTEND / "style" / name).read_text() for name in ("hits.css", "answer.css", "report.css")
    ]
    return made.read_text(), "\n".join(styles)


def heard(number):
    sound = Stretch(0, 2, lambda begin, end: Sound(tone(440, end - begin), 16_000))
    return card(number, sound=sound)


def files_of(views, bundle):
    script, style = views
    page = (
        '<!doctype html><html lang="en"><head><title>results</title>'
        '<link rel="stylesheet" href="style.css">'
        '<script type="module" src="views.js"></script></head>'
        '<body><div id="output" class="mmrag-output"></div>'
    )
    return {
        "/": ("text/html", page),
        "/style.css": ("text/css", style),
        "/views.js": ("text/javascript", script),
        "/bundle.json": ("application/json", json.dumps(bundle)),
    }


def test_hits_need_no_inline_style_and_no_script_but_the_pages_own(guard, views):
    made = result([heard(0), *(card(number) for number in range(1, 12))])
    # The page of this test fetches what a notebook would hold.
    policy = f"{RESULTS}; connect-src 'self'"
    with site(policy, files_of(views, made)) as address:
        page = goes(guard, address)
        shown = page.locator(".mmrag-hit")
        expect(shown.first).to_contain_text("Thing 0")
        assert drawn(shown.first.locator("img")) == "data:"
        for view in ("Table", "List"):
            page.get_by_role("button", name=view).click()
            expect(shown.first).to_be_visible()
        page.get_by_role("button", name="Table").click()
        page.get_by_role("columnheader", name="price").click()
        expect(shown.first).to_contain_text("Thing 0")
        page.get_by_role("button", name="Gallery").click()
        shown.nth(2).focus()
        page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog")
        assert drawn(dialog.locator("img").first) == "data:"
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        shown.first.get_by_role("button", name="Play 0:00-0:02").click()
        expect(shown.first.get_by_role("button", name="Pause 0:00-0:02")).to_be_visible()
        assert page.evaluate("refused") == []


def test_answers_need_no_inline_style_and_no_script_but_the_pages_own(guard, views):
    prose = (Element("p", ("The ", Element("strong", ("sneaker",)), " ", Cite(1), ".")),)
    source = Reference(
        key=1,
        item="SH-101",
        part="SH-101",
        title="Canvas sneaker Porto",
        quote="Cut generously, so it suits wide feet.",
        fields=(("price", "49"),),
        picture=picture(0),
        sound=Stretch(0, 2, lambda begin, end: Sound(tone(440, end - begin), 16_000)),
    )
    made = answer_bundle(
        Reply(
            question="Which shoes suit wide feet?",
            text="The sneaker [1].",
            prose=prose,
            references=(source,),
            model="a small model",
        )
    )
    with site(f"{RESULTS}; connect-src 'self'", files_of(views, made)) as address:
        page = goes(guard, address)
        expect(page.locator(".mmrag-prose")).to_contain_text("The sneaker [1]")
        assert drawn(page.locator(".mmrag-sources img").first) == "data:"
        audio = page.locator(".mmrag-sources audio")
        page.wait_for_function("audio => audio.duration > 1", arg=audio.element_handle())
        page.get_by_role("button", name="1").first.click()
        expect(page.locator(".mmrag-sources")).to_contain_text("Cut generously")
        assert page.evaluate("refused") == []


def test_reports_need_no_inline_style_and_no_script_but_the_pages_own(guard, views):
    problems = tuple(Problem(f"photos/{number}.jpg", "is gone") for number in range(30))
    made = LoadReport("shop", "folder photos", failed=30, problems=problems)._repr_mimebundle_()
    with site(f"{RESULTS}; connect-src 'self'", files_of(views, made)) as address:
        page = goes(guard, address)
        expect(page.locator(".mmrag-report")).to_contain_text("photos/0.jpg")
        page.get_by_role("columnheader").first.click()
        page.get_by_role("columnheader").first.click()
        expect(page.locator(".mmrag-report")).to_contain_text("photos/9.jpg")
        assert page.evaluate("refused") == []
