from __future__ import annotations

import pytest


def test_a_query_shows_its_hits_and_is_a_value(kernel):
    ran = kernel.ok("%mmrag query running shoes --where 'price < 100'")
    assert set(ran.result) >= {"application/vnd.mmrag.hits.v1+json", "text/html", "text/plain"}
    assert "red running shoes" in ran.result["text/html"]
    assert kernel.ok("_.ids").text == "['A-1']"
    assert kernel.ok("Out[max(Out)]").text == "['A-1']"
    kernel.ok("hits = %mmrag query rain jacket -k 1 --out same")
    assert kernel.ok("hits.ids, same.ids").text == "(['A-2'], ['A-2'])"
    frame = kernel.ok("(list(hits.to_pandas().index), hits.to_pandas().index.name)")
    assert frame.text == "(['A-2'], 'sku')"


def test_a_semicolon_hides_the_result_and_takes_nothing_away(kernel):
    assert not kernel.ok("%mmrag query running shoes;").result
    assert not kernel.ok("kept = %mmrag query don't (run;").result
    assert kernel.ok("type(kept).__name__").text == "'Hits'"


def test_a_cell_is_taken_raw(kernel):
    ran = kernel.ok("%%mmrag query -k 2 --out similar\na {text} with $dollars, don't (expand it\n")
    assert "a {text} with $dollars, don&#x27;t (expand it" in ran.result["text/html"]
    assert "don't (expand it" in kernel.ok("similar.title").text


def test_expansion_is_opt_in(kernel):
    kernel.ok("colour = 'green'")
    raw = kernel.ok("%mmrag query {colour} hat")
    filled = kernel.ok("%mmrag query {colour} hat --expand")
    assert "{colour} hat" in raw.result["text/html"]
    assert "green hat" in filled.result["text/html"]


@pytest.mark.parametrize(
    "picture", ["pictures/green.png", "products.loc['B 3'].photo", "Image.open('x')", "opened"]
)
def test_a_picture_may_be_a_path_or_a_value(kernel, picture):
    kernel.ok("opened = Image.open('pictures/green.png')")
    ran = kernel.run(f'hits = %mmrag query --image "{picture}" --in pictures -k 1')
    if "(" in picture:
        assert "computes something" in ran.error["evalue"] or "no picture" in ran.error["evalue"]
    else:
        assert kernel.ok("hits.ids").text == "['green.png']"


def test_words_pictures_and_things_to_avoid_go_together(kernel):
    ran = kernel.ok("%mmrag query hat --not shoes --image products.loc['B 3'].photo --like A-2")
    assert "green sun hat" in ran.result["text/html"]


def test_local_names_of_a_function_are_found(kernel):
    kernel.ok(
        "def load_inner():\n"
        "    inner = products.head(2)\n"
        "    get_ipython().run_line_magic('mmrag', 'load inner --model builtin')\n"
        "load_inner()"
    )
    assert "inner" in kernel.ok("%mmrag list").text
    kernel.ok("%mmrag drop inner --yes")
    kernel.ok("%mmrag use products")


def test_recommendations_come_with_reasons_and_without_what_was_given(kernel):
    kernel.ok("%mmrag use products")
    kernel.ok("hits = %mmrag recommend --likes A-1 --dislikes 'A-2' --diverse 0.3")
    assert kernel.ok("hits.ids").text == "['B 3']"
    assert "A-1" in kernel.ok("hits[0].reason").text
    kernel.ok("mine = {'A-1': 5, 'A-2': 1}")
    ran = kernel.ok("%mmrag recommend --ratings mine")
    assert "similar picture to A-1" in ran.result["text/html"]
    assert "recommended to one who likes A-1" in ran.result["text/plain"]


def test_every_other_command_shows_something(kernel):
    kernel.ok("%mmrag load products --as spare --text title --model builtin")
    for line in (
        "list",
        "info",
        "info pictures",
        "problems",
        "models",
        "help",
        "help query",
        "show A-1 --in spare",
        "delete A-1 --in spare",
        "delete --where 'price > 100' --in spare",
        "compact spare",
        "save backup --in spare",
        "drop spare --yes",
        "open backup",
        "use products",
    ):
        assert kernel.ok(f"%mmrag {line}").result, line
    assert (
        kernel.ok("len(get_ipython().run_line_magic('mmrag', 'query hat --in spare'))").text == "1"
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("lod products", "%mmrag has no command 'lod'. Did you mean 'load'?"),
        ("load products --txet title", "no option '--txet'. Did you mean '--text'?"),
        ("query a --view galery", "not 'galery'. Did you mean 'gallery'?"),
        ("recommend --likes A-1 --diverse 3", "--diverse is a number from 0 to 1, not '3'."),
        ("query -k none", "-k is a whole number from 1 up, not 'none'."),
        ('query "unfinished', "A quote is opened and never closed"),
        ("delete", "needs the ids of items, or --where EXPR"),
        ("drop products", "would delete collection 'products' with its 3 items"),
    ],
)
def test_a_bad_line_is_one_line_on_stderr_and_stops_run_all(kernel, line, message):
    ran = kernel.run(f"%mmrag {line}")
    assert ran.status == "error"
    assert ran.reply["ename"] == "UsageError"
    assert message in ran.stderr
    assert ran.stderr.count("\n") == 1
    assert not ran.error.get("traceback")


@pytest.mark.parametrize(
    ("line", "name", "message"),
    [
        ("load prodcts", "SourceError", "called 'prodcts'. Did you mean 'products'?"),
        ("load ./picturs", "SourceError", "Did you mean './pictures'?"),
        ("load products --text titel", "SourceError", "Did you mean 'title'?"),
        ("load products --id sk", "SourceError", "'sk'"),
        ("query a --in pictrues", "NotFoundError", "Did you mean 'pictures'?"),
        ("query a --where 'prize < 3'", "WhereError", "Did you mean 'price'?"),
        ("query a --where 'price <'", "WhereError", ""),
        ("query", "QueryError", "query is empty"),
        ("query --image ./pictures/blu.png", "QueryError", "Did you mean './pictures/blue.png'?"),
        ("query a --like A-11", "NotFoundError", "Did you mean 'A-1'?"),
        ("show A-9", "NotFoundError", "Did you mean"),
        ("recommend --likes A-9", "NotFoundError", "Did you mean"),
        ("recommend", "QueryError", "Nothing is liked"),
        ("recommend --ratings nobody", "SourceError", "no variable and no file called 'nobody'"),
        ("use pictrues", "NotFoundError", "Did you mean 'pictures'?"),
        ("drop pictrues --yes", "NotFoundError", "Did you mean 'pictures'?"),
        ("open nowhere", "NotFoundError", "'nowhere'"),
    ],
)
def test_what_cannot_be_done_is_one_line_without_traceback(kernel, line, name, message):
    ran = kernel.run(f"%mmrag {line}")
    assert ran.status == "error"
    assert ran.error["ename"] == name
    assert message in ran.error["evalue"]
    assert ran.error["traceback"] == [f"{name}: {ran.error['evalue']}"]
    assert "\n" not in ran.error["evalue"]
    assert not ran.stderr


def test_a_question_mark_shows_what_can_be_typed(kernel):
    ran = kernel.ok("%mmrag?")
    shown = ran.reply["payload"][0]["data"]["text/plain"]
    assert "Find the items nearest to a text" in shown
    assert "%mmrag load products" in shown
    assert "Find the items nearest to a text" in kernel.inspect("%mmrag")


def test_help_teaches_a_command(kernel):
    ran = kernel.ok("%mmrag help load")
    assert "--keep-missing" in ran.text
    assert "Examples:" in ran.text
    assert ran.result["text/html"].startswith("<pre>")
