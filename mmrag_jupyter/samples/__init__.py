"""A small shop to try things on: 120 drawn products, what customers say, its papers; and sounds.

Everything is made when it is asked for, the same every time, and nothing is downloaded.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd
    from PIL.Image import Image

    from mmrag_jupyter.samples.kinds import Product

__all__ = ["reports", "reviews", "shop", "sounds", "write"]

_SEED = 20
_BACKGROUNDS = ((238, 234, 226), (226, 234, 240), (241, 229, 222), (228, 238, 228))
_LIGHT = 150  # of 255, in every channel
_DEEP = (168, 190, 200)  # behind things that are nearly white
_QUALITY = 84


def shop(folder: str | Path | None = None) -> pd.DataFrame:
    """Return the products of the shop, one a row.

    The columns are sku (the article number), title, category, colour, material, price (euros),
    stock, rating (1 to 5), description and photo. Some materials, stocks and ratings are
    missing, as in life.

    Parameters
    ----------
    folder
        Where the photos are to lie: `photo` is then the path of a JPEG below it, drawn now
        if it is not there. Without a folder, `photo` is the JPEG itself, as bytes.
    """
    import pandas as pd

    rows = []
    for product, sku in zip(_products(), _skus(), strict=True):
        chance = _chance(sku, "stock and rating")
        rows.append(
            {
                "sku": sku,
                "title": product.title,
                "category": _category(product),
                "colour": product.colour,
                "material": product.material,
                "price": product.price,
                "stock": None if chance.randrange(30) == 0 else chance.randrange(60),
                "rating": None if chance.randrange(12) == 0 else chance.randrange(29, 50) / 10,
                "description": product.description,
                "photo": _photo(product, sku, None if folder is None else Path(folder)),
            }
        )
    return pd.DataFrame(rows).astype({"stock": "Int64", "rating": "float64"})


def reviews() -> pd.DataFrame:
    """Return what customers say: review_id, sku, stars (1 to 5, or missing), text and date."""
    import pandas as pd

    rows = []
    for product, sku in zip(_products(), _skus(), strict=True):
        chance = _chance(sku, "reviews")
        for stars, text in _opinions(product, chance):
            day = pd.Timestamp("2024-01-02") + pd.Timedelta(days=chance.randrange(600))
            rows.append((sku, stars, text, day))
    frame = pd.DataFrame(rows, columns=["sku", "stars", "text", "date"]).astype({"stars": "Int64"})
    frame.insert(0, "review_id", [f"R-{at + 1:03}" for at in range(len(frame))])
    return frame


def reports(folder: str | Path) -> Path:
    """Write two annual reports of the shop and a care guide into a folder, as PDFs."""
    from mmrag_jupyter.samples.annual import reports as written

    return written(folder)


def sounds(folder: str | Path | None = None) -> pd.DataFrame:
    """Return a small library of sounds: recording, title, kind, area, notes, seconds and sound.

    With a folder, `sound` is the path of a wav, flac or ogg that is made there; without one
    it is a FLAC, as bytes.
    """
    from mmrag_jupyter.samples.clips import sounds as made

    return made(folder)


def write(folder: str | Path) -> Path:
    """Write the shop as files: `products.csv`, `reviews.csv` and a folder `photos` of JPEGs.

    Returns
    -------
    Path
        The folder. In the CSV file, `photo` is a path below it.
    """
    root = Path(folder)
    products = shop(root)
    products["photo"] = [f"photos/{sku}.jpg" for sku in products["sku"]]
    products.to_csv(root / "products.csv", index=False)
    reviews().to_csv(root / "reviews.csv", index=False)
    return root


def _products() -> tuple[Product, ...]:
    from mmrag_jupyter.samples.products_home import HOME
    from mmrag_jupyter.samples.products_wear import WEAR

    return WEAR + HOME


def _skus() -> list[str]:
    from mmrag_jupyter.samples.kinds import KINDS

    counts: dict[str, int] = {}
    skus = []
    for product in _products():
        letters = KINDS[product.kind][1]
        counts[letters] = counts.get(letters, 100) + 1
        skus.append(f"{letters}-{counts[letters]}")
    return skus


def _chance(sku: str, about: str) -> random.Random:
    # One for each product and purpose: adding a product does not change the others.
    return random.Random(f"{_SEED} {sku} {about}")  # noqa: S311 - a sample, not a secret


def _opinions(product: Product, chance: random.Random) -> list[tuple[int | None, str]]:
    """Return what is said about a product: its share of those about its kind, and at times more."""
    from mmrag_jupyter.samples.opinions import ANYWHERE, OPINIONS

    alike = [each for each in _products() if each.kind == product.kind]
    own = OPINIONS[product.kind][alike.index(product) :: len(alike)]
    return [*own, *chance.sample(ANYWHERE, chance.randrange(4) // 2)]


def _category(product: Product) -> str:
    from mmrag_jupyter.samples.kinds import KINDS

    return KINDS[product.kind][0]


def _photo(product: Product, sku: str, folder: Path | None) -> bytes | str:
    import io

    if folder is None:
        data = io.BytesIO()
        _drawn(product, sku).save(data, "JPEG", quality=_QUALITY)
        return data.getvalue()
    path = folder / "photos" / f"{sku}.jpg"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        _drawn(product, sku).save(path, "JPEG", quality=_QUALITY)
    return path.as_posix()


def _drawn(product: Product, sku: str) -> Image:
    from mmrag_jupyter.samples import home, wear
    from mmrag_jupyter.samples.canvas import Canvas
    from mmrag_jupyter.samples.kinds import COLOURS

    chance = _chance(sku, "photo")
    colour = COLOURS[product.colour]
    light = min(colour) > _LIGHT
    canvas = Canvas(_DEEP if light else chance.choice(_BACKGROUNDS))
    draw = getattr(wear, product.kind, None) or getattr(home, product.kind)
    draw(canvas, colour, product.pattern)
    # Letters and clock faces would read wrong the other way round.
    mirrored = chance.randrange(3) == 0 and "clock" not in product.kind
    return canvas.finished(mirrored=mirrored)
