from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from mmrag_jupyter.ingest import ahead as module
from mmrag_jupyter.ingest.ahead import ahead, threads


@pytest.fixture
def pool():
    with ThreadPoolExecutor(2) as executor:
        yield executor


def test_results_come_in_the_order_of_the_inputs(pool):
    first_may_end = Event()

    def work(number):
        if number == 0:
            first_may_end.wait(10)
        else:
            first_may_end.set()
        return number * 2

    assert list(ahead(pool, work, range(5), window=lambda: 3)) == [0, 2, 4, 6, 8]


def test_no_more_than_the_window_is_taken_from_an_endless_stream(pool):
    taken = []

    def stream():
        for number in itertools.count():
            taken.append(number)
            yield number

    results = ahead(pool, lambda number: number, stream(), window=lambda: 4)
    assert [next(results), next(results)] == [0, 1]
    assert len(taken) <= 5
    results.close()


def test_an_error_in_the_work_reaches_the_caller(pool):
    def work(number):
        if number == 2:
            raise ValueError("two")
        return number

    results = ahead(pool, work, range(5), window=lambda: 2)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ValueError, match="two"):
        next(results)


def test_sizes_count_against_the_window(pool):
    taken = []

    def stream():
        for number in itertools.count():
            taken.append(number)
            yield number

    results = ahead(pool, lambda number: number, stream(), window=lambda: 10, size=lambda _: 5)
    assert [next(results), next(results)] == [0, 1]
    assert len(taken) <= 4
    results.close()


@pytest.mark.parametrize(("cores", "count"), [(1, 2), (2, 2), (8, 4), (16, 8), (200, 16)])
def test_half_the_cores_decode_and_no_fewer_than_two(monkeypatch, cores, count):
    monkeypatch.setattr(module.os, "sched_getaffinity", lambda _: range(cores), raising=False)
    assert threads() == count


def test_where_nobody_tells_of_affinities_all_cores_count(monkeypatch):
    monkeypatch.delattr(module.os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(module.os, "cpu_count", lambda: 8)
    assert threads() == 4


def test_the_window_may_change_on_the_way(pool):
    taken, window = [], [2]

    def stream():
        for number in itertools.count():
            taken.append(number)
            yield number

    results = ahead(pool, lambda number: number, stream(), window=lambda: window[0])
    next(results)
    few = len(taken)
    window[0] = 8
    next(results)
    assert few <= 2
    assert 7 <= len(taken) <= 9
    results.close()
