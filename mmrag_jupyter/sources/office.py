"""Word documents and PowerPoint slides as text, their tables row by row."""

from __future__ import annotations

import zipfile
from datetime import UTC
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.items import as_written
from mmrag_jupyter.sources.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path
    from typing import Protocol

    from docx.document import Document
    from docx.table import Table as WordTable
    from pptx.presentation import Presentation
    from pptx.shapes.base import BaseShape
    from pptx.slide import Slide

    class _Properties(Protocol):
        """What both formats say of themselves (ECMA-376, part 2, core properties)."""

        title: str
        author: str
        created: datetime | None


NEEDS = "pip install 'mmrag-jupyter[documents]' lets it be read"

# Both readers hold the whole file in memory, and a small archive can claim to be enormous.
MOST_BYTES = 500_000_000


def read_docx(path: Path, tell: Callable[[int, int], None]) -> Reading:
    """Read a Word document: paragraphs and tables in their order.

    Raises
    ------
    SourceError
        It is no such document, too large, or its reader is not installed.
    """
    tell(0, 1)
    try:
        import docx
    except ImportError:
        raise SourceError(f"{as_written(path)} is a Word document; {NEEDS}.") from None
    _refuse_others(path, "word/", "Word document")
    document: Document = docx.Document(str(path))
    text = "\n".join(_blocks(document))
    return _reading([(None, text)], document.core_properties)


def read_pptx(path: Path, tell: Callable[[int, int], None]) -> Reading:
    """Read the slides of a presentation, and the notes to each; slides count as pages.

    Raises
    ------
    SourceError
        As `read_docx`.
    """
    tell(0, 1)
    try:
        import pptx
    except ImportError:
        raise SourceError(f"{as_written(path)} is a presentation; {NEEDS}.") from None
    _refuse_others(path, "ppt/", "presentation")
    slides: Presentation = pptx.Presentation(str(path))
    texts: list[tuple[int | None, str]] = [
        (number, "\n".join(_of_slide(slide))) for number, slide in enumerate(slides.slides, start=1)
    ]
    return _reading(texts, slides.core_properties, len(texts))


def _refuse_others(path: Path, folder: str, what: str) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except zipfile.BadZipFile:
        raise SourceError(f"{as_written(path)} is damaged, or no {what}.") from None
    if not any(entry.filename.startswith(folder) for entry in entries):
        raise SourceError(f"{as_written(path)} is no {what}.")
    size = sum(entry.file_size for entry in entries)
    if size > MOST_BYTES:
        raise SourceError(
            f"{as_written(path)} is too large: {size:,} bytes when unpacked, and the limit is "
            f"{MOST_BYTES:,}."
        )


def _reading(
    texts: Sequence[tuple[int | None, str]], about: _Properties, pages: int | None = None
) -> Reading:
    created = about.created
    if created is not None and created.tzinfo is None:
        created = created.replace(tzinfo=UTC)  # as the format has it
    return Reading(texts, about.title, about.author, created, pages)


def _blocks(document: Document) -> Iterator[str]:
    from docx.text.paragraph import Paragraph

    for block in document.iter_inner_content():
        if isinstance(block, Paragraph):
            yield from _some(block.text)
        else:
            yield from _rows(_word_cells(block))


def _word_cells(table: WordTable) -> Iterator[list[str]]:
    for row in table.rows:
        # A cell over several columns comes once for each of them.
        yield [cell.text for cell in dict.fromkeys(row.cells)]


def _of_slide(slide: Slide) -> Iterator[str]:
    for shape in slide.shapes:
        yield from _of_shape(shape)
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        yield from _some(slide.notes_slide.notes_text_frame.text)


def _of_shape(shape: BaseShape) -> Iterator[str]:
    from pptx.shapes.autoshape import Shape
    from pptx.shapes.graphfrm import GraphicFrame
    from pptx.shapes.group import GroupShape

    if isinstance(shape, GroupShape):
        for inside in shape.shapes:
            yield from _of_shape(inside)
    elif isinstance(shape, Shape):
        yield from _some(shape.text_frame.text)
    elif isinstance(shape, GraphicFrame) and shape.has_table:
        yield from _rows([cell.text for cell in row.cells] for row in shape.table.rows)


def _rows(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield each row of a table as a line, as Markdown writes it."""
    for row in rows:
        cells = [" ".join(cell.split()) for cell in row]
        if any(cells):
            yield " | ".join(cells)


def _some(text: str) -> Iterator[str]:
    if text.strip():
        yield text.replace("\v", "\n")
