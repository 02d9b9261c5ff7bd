"""PDFs for tests of any room, written by hand, and scans drawn by Pillow."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

LETTER = (612, 792)
_PADDING = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")
_ID = b"0123456789abcdef"


@dataclass(frozen=True)
class Paper:
    """A page: lines of text from the top, and what else its dictionary is to say."""

    lines: Sequence[str] = ()
    size: tuple[int, int] = LETTER
    extra: str = ""


def write_pdf(
    path: Path,
    papers: Sequence[Paper | str],
    *,
    info: Mapping[str, str] | None = None,
    password: str | None = None,
) -> Path:
    """Write a PDF, a page for each paper (or text, a line), and return its path.

    A password, which may be empty, encrypts it (RC4, as in PDF 1.1: the shortest to write).
    """
    objects: list[bytes] = []

    def add(content: bytes) -> int:
        objects.append(content)
        return len(objects)

    lock = _Lock(password) if password is not None else None
    font = add(b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    tree = add(b"")
    kids = []
    for one in papers:
        paper = Paper(one.split("\n")) if isinstance(one, str) else one
        drawn = _drawn(paper)
        if lock is not None:
            drawn = lock.encrypted(drawn, len(objects) + 1)
        stream = add(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawn), drawn))
        width, height = paper.size
        kids.append(
            add(
                b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 %d %d] /Contents %d 0 R "
                b"/Resources << /Font << /F1 %d 0 R >> >> %s >>"
                % (tree, width, height, stream, font, paper.extra.encode())
            )
        )
    listed = b" ".join(b"%d 0 R" % kid for kid in kids)
    objects[tree - 1] = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (listed, len(kids))
    root = add(b"<< /Type /Catalog /Pages %d 0 R >>" % tree)
    trailer = b"/Root %d 0 R" % root
    if info:
        pairs = b" ".join(b"/%s %s" % (key.encode(), _text(said)) for key, said in info.items())
        trailer += b" /Info %d 0 R" % add(b"<< %s >>" % pairs)
    if lock is not None:
        trailer += b" /Encrypt %d 0 R /ID [<%s> <%s>]" % (
            add(lock.dictionary()),
            _ID.hex().encode(),
            _ID.hex().encode(),
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_file(objects, trailer))
    return path


def write_scan(path: Path, texts: Sequence[str]) -> Path:
    """Write a PDF of pictures of texts, one a page, at 100 dots an inch; return its path."""
    pages = [_picture_of(text) for text in texts]
    path.parent.mkdir(parents=True, exist_ok=True)
    pages[0].save(path, "PDF", save_all=True, append_images=pages[1:], resolution=100)
    return path


def write_form(path: Path, line: str, marks: Sequence[str]) -> Path:
    """Write a PDF of one page with a line of text and annotations, each a dictionary's inside."""
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    kids = b" ".join(b"%d 0 R" % number for number in range(6, 6 + len(marks)))
    drawn = _drawn(Paper([line]))
    form = b"<< /Fields [%s] /NeedAppearances true /DR << /Font << /Helv 4 0 R >> >> >>" % kids
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /AcroForm %s >>" % form,
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents 5 0 R /Annots [%s] "
        b"/Resources << /Font << /F1 4 0 R >> >> >>" % (*LETTER, kids),
        font,
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawn), drawn),
        *(b"<< /Type /Annot /DA (/Helv 12 Tf 0 g) %s >>" % one.encode() for one in marks),
    ]
    path.write_bytes(_file(objects, b"/Root 1 0 R"))
    return path


def _picture_of(text: str) -> Image.Image:
    page = Image.new("L", (850, 1100), 255)
    ImageDraw.Draw(page).multiline_text((80, 80), text, 0, ImageFont.load_default(32))
    return page


def _text(text: str) -> bytes:
    return b"<feff%s>" % text.encode("utf-16-be").hex().encode()


def _drawn(paper: Paper) -> bytes:
    def escaped(line: str) -> bytes:
        latin = line.encode("latin-1", "replace")
        return latin.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")

    lines = b" ".join(b"(%s) Tj T*" % escaped(line) for line in paper.lines)
    return b"BT /F1 12 Tf 14 TL 50 %d Td %s ET" % (paper.size[1] - 60, lines) if lines else b""


def _file(objects: Sequence[bytes], trailer: bytes) -> bytes:
    pieces, at, places = [b"%PDF-1.7\n"], 9, []
    for number, content in enumerate(objects, start=1):
        places.append(at)
        pieces.append(b"%d 0 obj\n%s\nendobj\n" % (number, content))
        at += len(pieces[-1])
    count = len(objects) + 1
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    pieces.append(b"xref\n0 %d\n0000000000 65535 f \n%s" % (count, table))
    pieces.append(b"trailer << /Size %d %s >>\nstartxref\n%d\n%%%%EOF\n" % (count, trailer, at))
    return b"".join(pieces)


class _Lock:
    """The standard security handler of PDF 1.1 (ISO 32000-1, 7.6.3, revision 2)."""

    def __init__(self, password: str) -> None:
        user = (password.encode("latin-1") + _PADDING)[:32]
        self._rights = (-4).to_bytes(4, "little", signed=True)
        self._owner = _rc4(_md5((b"owner" + _PADDING)[:32])[:5], user)
        self._key = _md5(user + self._owner + self._rights + _ID)[:5]

    def dictionary(self) -> bytes:
        user = _rc4(self._key, _PADDING)
        return b"<< /Filter /Standard /V 1 /R 2 /P -4 /O <%s> /U <%s> >>" % (
            self._owner.hex().encode(),
            user.hex().encode(),
        )

    def encrypted(self, data: bytes, number: int) -> bytes:
        return _rc4(_md5(self._key + number.to_bytes(3, "little") + b"\0\0")[:10], data)


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


def _rc4(key: bytes, data: bytes) -> bytes:
    state, j = list(range(256)), 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    out, i, j = bytearray(), 0, 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(out)
