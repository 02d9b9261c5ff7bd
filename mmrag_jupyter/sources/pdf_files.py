"""PDF files held open for as long as they are read, by one thread at a time."""

from __future__ import annotations

import atexit
import os
import stat
import threading
from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.items import as_written
from mmrag_jupyter.sources import passwords

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pypdfium2 import PdfDocument, PdfPage

KEPT_OPEN = 4

_PASSWORD, _SECURITY = 4, 5  # FPDF_ERR_PASSWORD and FPDF_ERR_SECURITY

# pdfium is not safe for threads, not even with one document a thread.
_pdfium = threading.RLock()
_kept: OrderedDict[Path, _Kept] = OrderedDict()


@dataclass(frozen=True, slots=True)
class _Kept:
    """A document that is open, and the size and time of its file when it was opened."""

    stamp: tuple[int, int]
    pdf: PdfDocument


@contextmanager
def opened(path: Path) -> Iterator[PdfDocument]:
    """Give out a document, for the calling thread alone; the last few stay open.

    Raises
    ------
    SourceError
        In one line: it is gone, unreadable, empty, damaged, without pages, or encrypted with
        a password that is not at hand; or damage came to light in the block.
    """
    import pypdfium2

    with _pdfium:
        try:
            yield _document(path)
        except pypdfium2.PdfiumError as error:
            _close(path)
            raise SourceError(f"{as_written(path)} is damaged: {_said(error)}.") from None


@contextmanager
def opened_page(path: Path, number: int) -> Iterator[PdfPage]:
    """Give out a page of a document, counted from 1; as `opened`.

    Raises
    ------
    SourceError
        As `opened`, or there is no such page.
    """
    with opened(path) as pdf:
        if not 1 <= number <= len(pdf):
            count = f"{len(pdf):,} pages" if len(pdf) != 1 else "1 page"
            raise SourceError(f"{as_written(path)} has {count}, and no page {number}.")
        page = pdf[number - 1]
        try:
            yield page
        finally:
            # Left to the garbage collector, it would be closed in any thread at any time.
            page.close()


def close_all() -> None:
    """Close the documents that are still open."""
    with _pdfium:
        for path in list(_kept):
            _close(path)


def _document(path: Path) -> PdfDocument:
    try:
        stamp = _stamp(path)
    except SourceError:
        _close(path)
        raise
    kept = _kept.get(path)
    if kept is not None and kept.stamp != stamp:
        _close(path)
        kept = None
    if kept is None:
        kept = _kept[path] = _Kept(stamp, _open(path))
        while len(_kept) > KEPT_OPEN:
            _close(next(iter(_kept)))
    _kept.move_to_end(path)
    return kept.pdf


def _close(path: Path) -> None:
    kept = _kept.pop(path, None)
    if kept is not None:
        kept.pdf.close()


def _stamp(path: Path) -> tuple[int, int]:
    told = as_written(path)
    try:
        info = path.stat()
    except FileNotFoundError:
        raise SourceError(f"{told} is gone: there is no such file.") from None
    except (OSError, ValueError) as error:
        raise SourceError(
            f"{told} cannot be read: {getattr(error, 'strerror', None) or error}."
        ) from None
    if not stat.S_ISREG(info.st_mode):
        raise SourceError(f"{told} is a folder or a device, not a file.")
    if info.st_size == 0:
        raise SourceError(f"{told} is empty (0 bytes).")
    return info.st_size, info.st_mtime_ns


@cache
def _close_at_exit() -> None:
    # After pypdfium2 is imported, so as to come before its own, which complains.
    atexit.register(close_all)


def _open(path: Path) -> PdfDocument:
    """Open a document; the empty password first, as readers of PDF do."""
    import pypdfium2

    _close_at_exit()
    failure: pypdfium2.PdfiumError | None = None
    for password in (None, *passwords.candidates()):
        try:
            pdf = _loaded(path, password)
        except pypdfium2.PdfiumError as error:
            if _is_without_pages(path, password):
                raise SourceError(f"{as_written(path)} has no pages.") from None
            failure = error
            if error.err_code != _PASSWORD:
                break
            continue
        try:
            # Before the first page is loaded, or what was filled in is not drawn.
            if pdf.get_formtype():
                pdf.init_forms()
        except pypdfium2.PdfiumError:
            pdf.close()
            raise
        return pdf
    raise SourceError(f"{as_written(path)} {_why_closed(failure)}.")


def _is_without_pages(path: Path, password: str | None) -> bool:
    """Tell whether a document opens and has no pages.

    Then pdfium sets no error, and the one before is still there.
    """
    from pypdfium2 import raw

    found = raw.FPDF_LoadDocument(os.fsencode(path) + b"\0", password and password.encode())
    if found:
        raw.FPDF_CloseDocument(found)
    return bool(found)


def _loaded(path: Path, password: str | None) -> PdfDocument:
    import pypdfium2

    try:
        return pypdfium2.PdfDocument(path, password=password)
    except FileNotFoundError:
        raise SourceError(f"{as_written(path)} is gone: there is no such file.") from None


def _why_closed(failure: Exception | None) -> str:
    code = getattr(failure, "err_code", None)
    if code == _PASSWORD:
        return f"is encrypted: {passwords.advice()}"
    if code == _SECURITY:
        return "is encrypted in a way that pdfium does not know"
    return "is damaged, or no PDF"


def _said(error: Exception) -> str:
    lines = str(error).splitlines()
    return (lines[0] if lines else type(error).__name__).rstrip(".")
