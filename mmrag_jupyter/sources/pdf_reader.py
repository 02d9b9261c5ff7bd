"""Read a PDF page by page: the text it holds, or else the text on the picture that it is."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.sources import ocr, pdf
from mmrag_jupyter.sources.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_READ_AHEAD = 4  # pages that are being recognised
_BROKEN = 20  # pages; where more cannot be read, the document cannot


@dataclass(slots=True)
class _Told:
    """What the pages have told so far."""

    texts: list[tuple[int | None, str]] = field(default_factory=list)
    pictures: list[int] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    unread: int = 0
    recognised: int = 0


def read(path: Path, tell: Callable[[int, int], None]) -> Reading:
    """Read a PDF; `tell` is told how many pages are done, and of how many.

    Raises
    ------
    SourceError
        It cannot be opened, or hardly any of its pages can be read.
    """
    about, count = pdf.information(path), pdf.page_count(path)
    told = _Told()
    engine = ocr.engine()
    for number, page in _pages(path, count, engine):
        tell(number, count)
        if isinstance(page, SourceError):
            told.problems.append(str(page))
            if len(told.problems) > _BROKEN or (number == count and not told.pictures):
                raise page
            continue
        told.problems += [page.failure] if page.failure else []
        told.pictures.append(number)
        told.texts.append((number, page.text))
        if page.is_scan:
            told.recognised += engine is not None
            told.unread += engine is None
    return Reading(
        told.texts,
        about.get("Title", ""),
        about.get("Author", ""),
        pdf.date_of(about.get("CreationDate", "")),
        count,
        told.pictures,
        told.problems,
        told.unread,
        told.recognised,
    )


def _pages(
    path: Path, count: int, engine: ocr.Engine | None
) -> Iterator[tuple[int, pdf.Page | SourceError]]:
    """Yield each page's number and what it says, or why it cannot be read."""
    pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="mmrag-ocr")
    waiting: deque[tuple[int, Future[pdf.Page]]] = deque()
    try:
        for number in range(1, count + 1):
            waiting.append((number, _begun(path, number, engine, pool)))
            while len(waiting) > _READ_AHEAD:
                yield _done(*waiting.popleft())
        while waiting:
            yield _done(*waiting.popleft())
    finally:
        # An interrupt must not wait for pages that nobody needs any more.
        pool.shutdown(wait=False, cancel_futures=True)


def _begun(
    path: Path, number: int, engine: ocr.Engine | None, pool: ThreadPoolExecutor
) -> Future[pdf.Page]:
    """Return a page that has been read, or one whose picture is being read."""
    future: Future[pdf.Page] = Future()
    try:
        page = pdf.page_of(path, number)
    except SourceError as error:
        future.set_exception(error)
        return future
    if page.is_scan and engine is not None:
        return pool.submit(_recognised, path, number, page, engine)
    future.set_result(page)
    return future


def _done(number: int, page: Future[pdf.Page]) -> tuple[int, pdf.Page | SourceError]:
    try:
        return number, page.result()
    except SourceError as error:
        return number, error


def _recognised(path: Path, number: int, page: pdf.Page, engine: ocr.Engine) -> pdf.Page:
    try:
        words = engine.words(pdf.page_image(path, number, dpi=ocr.DPI))
    except SourceError as error:
        return replace(page, failure=f"page {number}: {error}")
    # A stamp upon a scan is on its picture too.
    return replace(page, text=ocr.lines(words) or page.text)
