"""Documents: which files are some, and what is read in each kind of them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.items import Column, Content, Document, Media, Piece, as_written
from mmrag_jupyter.sources import office, pdf_reader, webpage
from mmrag_jupyter.sources.awaited import awaiting
from mmrag_jupyter.sources.chunks import chunks
from mmrag_jupyter.sources.decode import decoded
from mmrag_jupyter.sources.reading import Reading, line_of, title_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mmrag_jupyter.items import Modality

    Tell = Callable[[int, int], None]

COLUMNS = (
    Column("pages", "int", "int64"),
    Column("title", "str", "str"),
    Column("author", "str", "str"),
    Column("created", "datetime", "datetime64[us, UTC]"),
)

TEXT_SUFFIXES = frozenset({".txt", ".md"})

_READERS: dict[str, Callable[[Path, Tell], Reading]] = {
    ".pdf": pdf_reader.read,
    ".docx": office.read_docx,
    ".pptx": office.read_pptx,
    ".html": webpage.read,
    ".htm": webpage.read,
    ".xhtml": webpage.read,
}
DOCUMENT_SUFFIXES = frozenset(_READERS)
READABLE_SUFFIXES = DOCUMENT_SUFFIXES | TEXT_SUFFIXES


def document(path: Path, chunk_tokens: int, *, about: bool = True) -> Document:
    """Return a document or text file, of which nothing is read yet.

    Parameters
    ----------
    chunk_tokens
        Longest text of one part, in tokens.
    about
        Whether its metadata are wanted: the values of `COLUMNS`.
    """
    return Document(path, partial(_content, path, chunk_tokens, about=about))


def document_modalities(suffix: str) -> frozenset[Modality]:
    """Return what there may be in a document or text file with this suffix; nothing in others."""
    if suffix == ".pdf":
        return frozenset({"page", "text"})
    return frozenset({"text"} if suffix in READABLE_SUFFIXES else ())


def _content(path: Path, chunk_tokens: int, tell: Tell, *, about: bool) -> Content:
    found = _read(path, tell)
    pages = [Piece("page", media=Media(path=path, page=page), page=page) for page in found.pictures]
    texts = [
        Piece("text", chunk, page=page)
        for page, text in found.texts
        for chunk in chunks(text, chunk_tokens)
    ]
    metadata: dict[str, object] = {
        "pages": found.pages,
        "title": title_of(found.title),
        "author": line_of(found.author),
        "created": found.created,
    }
    # Pages before texts: the first picture of a document is its first page.
    return Content(
        [*pages, *texts], metadata if about else {}, found.problems, found.unread, found.recognised
    )


def _read(path: Path, tell: Tell) -> Reading:
    """Read a document.

    Raises
    ------
    SourceError
        In one line: it is gone, damaged, encrypted, or needs a package that is not installed.
    """
    try:
        with awaiting(Media(path=path)):
            return _READERS.get(path.suffix.lower(), _read_text)(path, tell)
    except SourceError:
        raise
    except OSError as error:
        raise SourceError(
            f"{as_written(path)} cannot be read: {error.strerror or error}."
        ) from None
    # Damage makes readers of documents raise nearly anything, and one document must never
    # stop a load.
    except Exception as error:
        said = (str(error).splitlines() or [""])[0][:200] or type(error).__name__
        raise SourceError(f"{as_written(path)} is damaged: {said}.") from error


def _read_text(path: Path, tell: Tell) -> Reading:
    tell(0, 1)
    return Reading([(None, decoded(path.read_bytes()))])
