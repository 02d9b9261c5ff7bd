"""Sound small enough to be kept inside a notebook: Opus in Ogg, which browsers play.

Opus is made for speech from 6 kbit/s on (RFC 6716), where a second takes 0.8 kB; the least that
MP3 and Vorbis take is 2 kB. Chromium and Firefox have always played it, Safari since 18.4.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from mmrag_jupyter.errors import SourceError
from mmrag_jupyter.sources.sound import resampled

if TYPE_CHECKING:
    from mmrag_jupyter.items import Sound

TYPE = "audio/ogg"

# Bits a second of one channel between which libsndfile spreads its compression levels.
_LEAST, _MOST = 6_000, 256_000
# Below this Opus keeps nothing above 4 kHz, and half the rate takes half the time.
_NARROW = 9_000
_TAGS = b"OpusTags"
_HEADER = 27  # bytes of a page of Ogg before its table of segments (RFC 3533, section 6)


def opus(sound: Sound, bits: int) -> bytes:
    """Return a sound as the bytes of an Ogg file, in about `bits` a second.

    Raises
    ------
    SourceError
        The libsndfile of this machine writes no Opus.
    """
    import soundfile

    own = resampled(sound, 8_000 if bits <= _NARROW else 16_000)
    level = 1 - (bits - _LEAST) / (_MOST - _LEAST)
    out = io.BytesIO()
    try:
        soundfile.write(
            out, own.samples, own.rate, format="OGG", subtype="OPUS", compression_level=level
        )
    except (ValueError, soundfile.LibsndfileError) as error:
        raise SourceError(
            "This libsndfile writes no Opus, so no sound can be shown: %pip install -U soundfile "
            "brings one that does."
        ) from error
    return _without_padding(out.getvalue())


def _without_padding(data: bytes) -> bytes:
    """Leave out the room for remarks that libopus keeps: 775 bytes, as much as a second takes."""
    start = data.find(b"OggS", 1)
    if start < 0:
        return data
    segments = data[start + _HEADER - 1]
    body = start + _HEADER + segments
    end = body + sum(data[start + _HEADER : body])
    if not data.startswith(_TAGS, body):
        return data
    tags = _TAGS + bytes(8)  # no vendor, no remarks (RFC 7845, section 5.2)
    head = data[start : start + 22] + bytes(4) + bytes([1, len(tags)])
    made = head + tags
    return data[:start] + made[:22] + _checksum(made).to_bytes(4, "little") + made[26:] + data[end:]


def _checksum(page: bytes) -> int:
    """Return the CRC of a page of Ogg: generator 0x04c11db7, not reflected (RFC 3533)."""
    found = 0
    for byte in page:
        found ^= byte << 24
        for _ in range(8):
            found = (found << 1) ^ (0x104C11DB7 if found & 0x80000000 else 0)
    return found
