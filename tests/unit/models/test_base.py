import numpy as np
import pytest

from mmrag_jupyter.errors import ModelError
from mmrag_jupyter.models import checked


class Fixed:
    """An embedder that returns what it was told to."""

    name = "fixed"
    dim = 2
    modalities = frozenset({"text", "image"})

    def __init__(self, vectors):
        self.vectors = vectors
        self.seen = []

    def embed_text(self, texts, *, query):
        self.seen.append((texts, query))
        if isinstance(self.vectors, Exception):
            raise self.vectors
        return self.vectors

    def embed_image(self, images):
        return self.embed_text(images, query=False)


def test_sound_vectors_come_through_as_float32():
    vectors = checked(Fixed([[0.6, 0.8], [1.0, 0.0]]), "text", ["a", "b"])
    assert vectors.dtype == np.float32
    assert vectors.tolist() == np.array([[0.6, 0.8], [1, 0]], dtype=np.float32).tolist()


def test_vectors_of_other_lengths_are_normalised():
    vectors = checked(Fixed(np.array([[3.0, 4.0]], dtype=np.float64)), "image", [object()])
    np.testing.assert_allclose(vectors, [[0.6, 0.8]], rtol=1e-6)
    assert vectors.dtype == np.float32


def test_tiny_and_huge_vectors_are_normalised():
    vectors = checked(Fixed([[3e-25, 4e-25], [3e25, 4e25]]), "text", ["a", "b"])
    np.testing.assert_allclose(vectors, [[0.6, 0.8], [0.6, 0.8]], rtol=1e-5)


def test_the_embedder_is_told_what_is_a_query():
    embedder = Fixed([[1.0, 0.0]])
    checked(embedder, "text", ["a"], query=True)
    checked(embedder, "text", ["a"])
    assert embedder.seen == [(["a"], True), (["a"], False)]


def test_nothing_to_embed_does_not_ask_the_model():
    embedder = Fixed(RuntimeError("asked"))
    assert checked(embedder, "text", []).shape == (0, 2)


@pytest.mark.parametrize(
    ("vectors", "said"),
    [
        ([[1.0, 0.0], [float("nan"), 1.0]], "fixed returned NaN in row 1 of 2"),
        ([[float("inf"), 0.0], [1.0, 0.0]], "fixed returned infinity in row 0 of 2"),
        ([[1.0, 0.0], [0.0, 0.0]], "fixed returned a zero vector in row 1 of 2"),
        ([[1.0, 0.0]], "fixed returned 1 vectors for 2 inputs"),
        ([[1.0, 0.0, 0.0]] * 2, "fixed returned vectors of 3 numbers; its dim says 2"),
        ([1.0, 0.0], "fixed returned an array of shape (2,); (2, 2) is needed"),
        (None, "fixed"),
        ([[1.0], [1.0, 2.0]], "fixed did not return an array of numbers"),
        (ZeroDivisionError("division\nby zero"), "fixed failed on 2 texts: ZeroDivisionError"),
    ],
)
def test_unsound_vectors_are_refused_in_one_line_that_names_the_model(vectors, said):
    with pytest.raises(ModelError) as refused:
        checked(Fixed(vectors), "text", ["a", "b"])
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_an_embedders_own_model_error_comes_through_unchanged():
    with pytest.raises(ModelError, match=r"^my words$"):
        checked(Fixed(ModelError("my words")), "text", ["a"])
