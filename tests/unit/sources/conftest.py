"""Fixtures of the sources: no engine for recognising text, unless a test brings one."""

from __future__ import annotations

import pytest

from mmrag_jupyter.sources import ocr, passwords, pdf_files


class StandInEngine:
    """Reads the same two lines on every picture, and counts them."""

    name = "StandIn"

    def __init__(self, text="seen text\nsecond line"):
        self.text = text
        self.sizes = []

    def words(self, image):
        self.sizes.append(image.size)
        width, height = image.size
        return [
            ocr.Word(
                word,
                width / 10,
                height * (line + 1) / 10,
                width / 5,
                height * (line + 2) / 10,
                line,
            )
            for line, words in enumerate(self.text.split("\n"))
            for word in words.split()
        ]


@pytest.fixture(autouse=True)
def _no_engine(monkeypatch):
    monkeypatch.setattr(ocr, "engine", lambda: None)


@pytest.fixture
def engine(monkeypatch):
    """Install a stand-in for an engine, and return it."""
    found = StandInEngine()
    monkeypatch.setattr(ocr, "engine", lambda: found)
    return found


@pytest.fixture(autouse=True)
def _no_passwords(monkeypatch):
    monkeypatch.setattr(passwords, "_offered", {})
    pdf_files.close_all()
    yield
    pdf_files.close_all()
