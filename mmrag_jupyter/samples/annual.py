"""Two annual reports of the shop and a care guide, as small PDFs with text, tables and charts."""

from __future__ import annotations

from pathlib import Path

from mmrag_jupyter.samples.papers import Chart, Page, write_pdf

# Paragraphs have an empty line between them.
_LETTER = {
    2024: """
        Dear friends of the shop,

        2024 was the year in which we moved into the old printing house. The move cost us three
        weeks of sales in March, and still revenue grew by 4 percent, to 1,208 thousand euros.

        What carried us were shoes and kitchen things. Bags disappointed: the new leather from
        our supplier in Guimarães came late, and many orders were cancelled before Christmas.

        We opened a small workshop for repairs. It is not there to earn money, and it does not:
        it lost 9 thousand euros in its first year. Customers love it all the same.
    """,
    2025: """
        Dear friends of the shop,

        2025 was our best year so far. Revenue rose by 12 percent, to 1,353 thousand euros,
        mainly because the north bought twice as many rain boots in a wet spring.

        Services are a business by now. The repair workshop and the gift wrapping together
        brought in 96 thousand euros, against 41 thousand in the year before, since we began to
        charge for repairs in February and opened the workshop on Saturdays.

        Freight became cheaper in the second half of the year. It saved us 17 thousand euros,
        which went into higher wages from October on.
    """,
}
_REGIONS = {
    2024: {"North": (398, 402), "Lisbon": (371, 390), "South": (224, 229), "Online": (169, 187)},
    2025: {"North": (402, 498), "Lisbon": (390, 401), "South": (229, 233), "Online": (187, 221)},
}
_RETURNS = {
    2024: """
        Of every hundred parcels 7.9 came back. The most common reason was the size: shoes that
        run small made up 41 percent of all returns.

        Umbrellas broke more often than they should. 62 came back with a bent rib, so we asked
        the maker for a stronger frame.
    """,
    2025: """
        Of every hundred parcels 6.1 came back, fewer than the 7.9 of the year before. The size
        table on the product pages, new since January, is the main reason.

        The stronger frame of the umbrellas works: only 14 came back, after 62 in 2024.
    """,
}
_OUTLOOK = {
    2024: """
        For 2025 we expect revenue to grow by 5 percent. Rents in Lisbon are the main risk.

        We will charge for repairs, after a year in which they were free.
    """,
    2025: """
        For 2026 we expect revenue to grow by 3 percent, since a spring as wet as the last one
        is not to be counted on. A weaker demand for rain boots is the main risk.

        A second workshop, in Lisbon, is planned for the autumn.
    """,
}
_CARE = {
    "Leather": """
        Wipe leather with a soft, damp cloth and let it dry away from heaters and from the sun.

        Twice a year leather wants a little grease: one spoon is enough for a pair of boots.

        Wet boots dry in a day when they are filled with newspaper. Change the paper once.
    """,
    "Wool and velvet": """
        Wash wool by hand, at no more than 30 degrees, and dry it lying flat.

        Velvet is brushed along its pile, never against it. Steam takes out creases; an iron
        would leave marks.
    """,
    "Cast iron and wood": """
        Do not put cast iron into the dishwasher. Wash it with hot water, dry it at once, and
        rub it with a drop of oil.

        Wooden boards stay flat when both sides are wetted. Lemon and salt take away smells.
    """,
}


def reports(folder: str | Path) -> Path:
    """Write the shop's papers into a folder, as PDFs with text, tables and charts.

    They are `report-2024.pdf` and `report-2025.pdf`, four pages each, and `care-guide.pdf`.

    Returns
    -------
    Path
        The folder.
    """
    root = Path(folder)
    root.mkdir(parents=True, exist_ok=True)
    for year in _LETTER:
        write_pdf(root / f"report-{year}.pdf", _report(year), title=f"Annual report {year}")
    care = [Page(f"How to care for: {topic}", _paragraphs(text)) for topic, text in _CARE.items()]
    write_pdf(root / "care-guide.pdf", care, title="Care guide")
    return root


def _report(year: int) -> list[Page]:
    regions = _REGIONS[year]
    rows = [["Region", str(year - 1), str(year), "Change"]]
    rows += [_row(name, before, now) for name, (before, now) in regions.items()]
    before, now = (sum(pair[at] for pair in regions.values()) for at in (0, 1))
    rows.append(_row("All regions", before, now))
    chart = Chart({name: now for name, (_, now) in regions.items()})
    return [
        Page(f"Annual report {year}", _paragraphs(_LETTER[year])),
        Page(f"Revenue by region {year}", ["In thousands of euros:"], rows, chart),
        Page(f"Returns and complaints {year}", _paragraphs(_RETURNS[year])),
        Page("Outlook", _paragraphs(_OUTLOOK[year])),
    ]


def _row(name: str, before: int, now: int) -> list[str]:
    return [name, f"{before:,}", f"{now:,}", f"{100 * (now - before) / before:+.0f} %"]


def _paragraphs(text: str) -> list[str]:
    return [" ".join(paragraph.split()) for paragraph in text.split("\n\n")]
