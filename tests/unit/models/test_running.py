"""A batch in a model: what the library would make of it; what only a GPU does, by a stand-in."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from mmrag_jupyter.models import running
from mmrag_jupyter.models.loading import describe


class OnDevice:
    """A result that is still being computed on a device."""

    device = SimpleNamespace(type="cuda")

    def __init__(self, course):
        self.course = course

    def float(self):
        return self

    def to(self, where, *, non_blocking):
        assert (where, non_blocking) == ("cpu", True)
        self.course.append("copy queued")
        return torch.ones(2, 3)


def loaded_with(folder, **options):
    from sentence_transformers import SentenceTransformer

    return describe(SentenceTransformer(str(folder), device="cpu", **options), batch=8)


@pytest.mark.parametrize("query", [True, False])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"prompts": {"query": "cup cup: ", "passage": "a shoe: "}},
        {"prompts": {"query": "", "any": "a red thing "}, "default_prompt_name": "any"},
        {"truncate_dim": 8},
    ],
)
def test_texts_become_what_the_library_makes_of_them(tiny_text_folder, options, query):
    found = loaded_with(tiny_text_folder, **options)
    texts = ["a red cup", "shoe", "the blue shoe and the cup"]
    encode = found.model.encode_query if query else found.model.encode_document
    expected = encode(texts, convert_to_tensor=True)
    assert expected.shape[1] == options.get(
        "truncate_dim", found.model[0].get_embedding_dimension()
    )
    ours = running.texts(found, texts, query=query)
    torch.testing.assert_close(ours, expected, atol=1e-5, rtol=0)


def test_a_model_with_a_way_of_its_own_for_questions_takes_it(tiny_text_folder):
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Router

    query, document = (SentenceTransformer(str(tiny_text_folder), device="cpu") for _ in "qd")
    with torch.no_grad():
        for weights in query.parameters():
            weights.add_(torch.sin(torch.arange(weights.numel())).reshape(weights.shape) / 10)
    ways = Router.for_query_document(list(query), list(document))
    model = SentenceTransformer(modules=[ways], device="cpu")
    found = describe(model, batch=8)
    for is_query, encode in ((True, model.encode_query), (False, model.encode_document)):
        expected = encode(["a red cup"], convert_to_tensor=True)
        ours = running.texts(found, ["a red cup"], query=is_query)
        torch.testing.assert_close(ours, expected, atol=1e-5, rtol=0)
    assert not torch.equal(ours, running.texts(found, ["a red cup"], query=True))


def test_a_model_that_the_user_goes_on_training_is_asked_without_dropout(tiny_text_folder):
    found = loaded_with(tiny_text_folder)
    expected = running.texts(found, ["a red cup"], query=True)
    for module in found.model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.5
    found.model.train()
    torch.testing.assert_close(running.texts(found, ["a red cup"], query=True), expected)


def test_a_result_is_read_only_when_its_own_copy_has_arrived(monkeypatch):
    course = []
    event = SimpleNamespace(
        record=lambda: course.append("event queued"),
        synchronize=lambda: course.append("arrived"),
    )
    monkeypatch.setattr(torch.cuda, "Event", lambda: event)
    wait = running.to_host(OnDevice(course))
    assert course == ["copy queued", "event queued"]
    assert wait().shape == (2, 3)
    assert course[2:] == ["arrived"]


def test_on_a_cpu_there_is_nothing_to_wait_for():
    out = torch.ones(2, 3, dtype=torch.bfloat16)
    assert running.to_host(out)().dtype == torch.float32
