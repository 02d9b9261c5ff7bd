"""A map over a picture: strong where it matches, and the picture itself where it does not."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from mmrag_jupyter.display import maps

WHITE = Image.new("RGB", (120, 80), "white")


def peak(row, column, rows=4, columns=6):
    grid = np.zeros((rows, columns), np.float32)
    grid[row, column] = 1
    return grid


def cover(before, after):
    return np.abs(np.asarray(after, int) - np.asarray(before, int)).sum(axis=2)


def test_the_strongest_place_is_coloured_and_the_rest_is_as_it_was():
    drawn = maps.heat(WHITE, peak(1, 4))
    found = cover(WHITE, drawn)
    row, column = np.unravel_index(found.argmax(), found.shape)
    assert abs(column - 4.5 * 20) <= 10
    assert abs(row - 1.5 * 20) <= 10
    assert found[60:, :40].max() == 0


def test_text_under_the_strongest_place_can_still_be_read():
    paper = Image.new("RGB", (60, 60), "white")
    paper.paste("black", (25, 25, 35, 35))
    drawn = maps.heat(paper, np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]], np.float32))
    inked, bare = drawn.getpixel((30, 30)), drawn.getpixel((22, 22))
    assert sum(bare) - sum(inked) > 150


def test_a_map_of_the_middle_leaves_the_ends_alone():
    drawn = maps.heat(WHITE, np.array([[0, 1]], np.float32), (0.25, 0.0, 0.75, 1.0))
    found = cover(WHITE, drawn)
    assert found[:, :30].max() == 0
    assert found[:, 90:].max() == 0
    assert found[:, 60:90].max() > 100


@pytest.mark.parametrize("size", [(1, 1), (3, 500), (500, 3), (7, 7)])
def test_pictures_of_any_shape_take_a_map(size):
    image = Image.new("L", size, 200)
    assert maps.heat(image, peak(0, 0)).size == size
    assert maps.boxed(image.convert("RGB"), [(0, 0, 1, 1), (0.5, 0.5, 0.5, 0.5)]).size == size


def test_an_even_map_colours_nothing():
    assert cover(WHITE, maps.heat(WHITE, np.full((3, 3), 0.7, np.float32))).max() == 0


def test_maps_on_one_scale_can_be_compared():
    weak = maps.heat(WHITE, 0.3 * peak(2, 2), span=(0.0, 1.0))
    strong = maps.heat(WHITE, peak(2, 2), span=(0.0, 1.0))
    assert 0 < cover(WHITE, weak).max() < 0.5 * cover(WHITE, strong).max()


def test_a_box_is_drawn_around_its_word():
    drawn = maps.boxed(WHITE, [(0.25, 0.25, 0.5, 0.5)])
    found = cover(WHITE, drawn)
    assert found[30, 45] > 0
    assert found[20:40, 29:32].max() > 2 * found[30, 45]
    assert found[60:, 80:].max() == 0


def test_a_huge_picture_is_made_smaller():
    assert maps.fitted(Image.new("RGB", (8000, 2000))).size == (1600, 400)
    assert maps.fitted(Image.new("RGB", (20_000, 1))).size == (1600, 1)
    assert maps.fitted(Image.new("P", (20, 10))).mode == "RGB"
