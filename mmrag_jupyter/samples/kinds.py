"""What a product of the sample shop is, and the kinds and colours there are."""

from __future__ import annotations

from typing import NamedTuple


class Product(NamedTuple):
    """One product as it is written down; `price` is in euros, `material` may be unknown."""

    kind: str
    title: str
    colour: str
    pattern: str
    material: str | None
    price: float
    description: str


# Kind: its category, and the letters of its article numbers.
KINDS = {
    "sneaker": ("shoes", "SH"),
    "runner": ("shoes", "SH"),
    "boot": ("shoes", "SH"),
    "tote": ("bags", "BA"),
    "handbag": ("bags", "BA"),
    "backpack": ("bags", "BA"),
    "shirt": ("clothing", "CL"),
    "sweater": ("clothing", "CL"),
    "sun_hat": ("hats", "HA"),
    "beanie": ("hats", "HA"),
    "cap": ("hats", "HA"),
    "glasses": ("accessories", "AC"),
    "umbrella": ("accessories", "AC"),
    "mug": ("kitchen", "KI"),
    "teapot": ("kitchen", "KI"),
    "bottle": ("kitchen", "KI"),
    "flask": ("kitchen", "KI"),
    "lamp": ("lighting", "LI"),
    "desk_lamp": ("lighting", "LI"),
    "chair": ("furniture", "FU"),
    "armchair": ("furniture", "FU"),
    "plant": ("plants", "PL"),
    "cactus": ("plants", "PL"),
    "clock": ("decoration", "DE"),
    "alarm_clock": ("decoration", "DE"),
    "cushion": ("decoration", "DE"),
    "vase": ("decoration", "DE"),
}

COLOURS = {
    "beige": (214, 190, 154),
    "black": (46, 46, 52),
    "blue": (58, 112, 184),
    "brown": (134, 88, 56),
    "green": (72, 138, 82),
    "grey": (142, 146, 152),
    "navy": (40, 56, 102),
    "orange": (228, 124, 48),
    "pink": (232, 142, 162),
    "purple": (120, 82, 154),
    "red": (202, 52, 48),
    "teal": (42, 138, 140),
    "white": (244, 242, 236),
    "yellow": (240, 192, 62),
}
