"""Thumbnails that are made once."""

from __future__ import annotations

import itertools
import threading

from PIL import Image

from mmrag_jupyter.display import Card, hits_bundle
from mmrag_jupyter.display.shots import Shot
from mmrag_jupyter.display.thumbnails import Gone, Picture, all_opened, opened

_keys = itertools.count()


def shot(colour="red", size=(640, 480), key=None):
    """Return a shot of a picture, and the edges at which it was opened so far."""
    edges = []

    def at(edge):
        edges.append(edge)
        return Image.new("RGB", size, colour)

    named = f"{colour}{next(_keys)}".encode() if key is None else key
    return Shot(named, at, lambda: size), edges


def test_a_thumbnail_is_made_once_and_has_the_same_bytes_ever_after():
    picture, edges = shot()
    first, second = opened(picture, 256), opened(picture, 256)
    assert first.uri(0) == second.uri(0)
    assert first.uri(3) == second.uri(3)
    assert len(edges) == 1


def test_hits_that_are_shown_again_open_no_picture():
    made = [shot(colour) for colour in ("red", "green", "blue")]
    cards = [Card(str(at), at, 1.0, picture=one) for at, (one, _) in enumerate(made)]
    first, second = hits_bundle(cards, title="t"), hits_bundle(cards, title="t")
    assert first == second
    assert [len(edges) for _, edges in made] == [1, 1, 1]


def test_another_size_is_another_thumbnail():
    picture, edges = shot()
    assert max(opened(picture, 256)._image.size) == 256
    assert max(opened(picture, 64)._image.size) == 64
    assert len(edges) == 2


def test_a_picture_is_opened_no_larger_than_it_is_shown():
    picture, edges = shot(size=(4000, 1000))
    found = opened(picture, 256)
    assert edges == [64]
    assert (found.width, found.height) == (4000, 1000)


def test_what_was_opened_smaller_keeps_its_own_size_and_shape():
    small = Image.new("RGB", (401, 301))
    found = opened(Shot(b"", lambda _: small, lambda: (1600, 1200)), 256)
    assert (found.width, found.height) == (1600, 1200)
    assert found._image.size == (256, 192)


def test_a_picture_of_unknown_content_is_opened_every_time():
    picture, edges = shot(key=b"")
    opened(picture, 256)
    opened(picture, 256)
    assert len(edges) == 2


def test_what_could_not_be_opened_is_tried_again():
    there = []

    def at(_):
        if not there:
            raise OSError("the drive is asleep")
        return Image.new("RGB", (10, 10))

    picture = Shot(b"asleep", at, lambda: None)
    assert opened(picture, 256) == Gone("the drive is asleep")
    there.append(True)
    assert isinstance(opened(picture, 256), Picture)


def test_several_are_opened_side_by_side_and_come_in_their_order():
    together = threading.Barrier(2, timeout=20)

    def at(width):
        def wait(_):
            together.wait()
            return Image.new("RGB", (width, 10))

        return wait

    shots = [Shot(b"", at(width), lambda: None) for width in (20, 30)]
    found = all_opened([*shots, None, lambda: Image.new("RGB", (40, 10))], 256)
    assert [one and one.width for one in found] == [20, 30, None, 40]


def test_what_is_no_shot_is_opened_by_the_thread_that_asks():
    threads = []

    def plain():
        threads.append(threading.current_thread())
        return Image.new("RGB", (10, 10))

    all_opened([shot()[0], plain, shot()[0]], 256)
    assert threads == [threading.current_thread()]
