"""What an answer takes beside the retrieval and the model's own time.

Prints Markdown for docs/benchmarks.md: `python benchmarks/answer.py [--runs 5] [--pages 2000]`.
The documents are PDFs of made-up reports; the language model says one sentence at once.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

from report import machine, table

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import numpy as np
from llama_index.core.base.llms.types import ChatMessage, ChatResponse, LLMMetadata
from llama_index.core.llms.custom import CustomLLM
from pdfs import write_pdf

import mmrag_jupyter as mm

BUDGET = 50  # ms
SENTENCE = ["The", "margin", "was", "lower", "than", "in", "the", "year", "before", "[1][2]."]
SUBJECTS = [
    "revenue", "tax", "margin", "inventory", "shares", "cash", "debt", "services", "segments",
    "research",
]  # fmt: skip
QUESTIONS = [
    "How did {} change in the third quarter, and why?",
    "What was the {} of the year compared with the one before?",
    "Which risks does the report name for {} and {}?",
]


class Prompt(CustomLLM):
    """Says one cited sentence, word by word, without delay."""

    @property
    def metadata(self) -> LLMMetadata:
        """It takes what usual models take."""
        return LLMMetadata(context_window=8192, num_output=512, is_chat_model=True, model_name="p")

    def stream_chat(self, messages: object, **_: object) -> object:
        """Yield the sentence."""
        del messages
        text = ""
        for word in SENTENCE:
            text += f"{word} "
            message = ChatMessage(role="assistant", content=text)
            yield ChatResponse(message=message, delta=f"{word} ")

    chat = complete = stream_complete = stream_chat


def pages(count: int, seed: int) -> list[str]:
    """Return the texts of pages: 40 lines of prose and of tables, about 3,000 characters each."""
    rng = np.random.default_rng(seed)
    words = [f"word{number}" for number in range(3000)] + SUBJECTS * 60
    made = []
    for _ in range(count):
        lines = []
        for line in range(40):
            if line % 4 == 3:
                numbers = " ".join(f"{value:,}" for value in rng.integers(100, 99_999, 4))
                lines.append(f"{rng.choice(SUBJECTS)} total {numbers}")
            else:
                lines.append(" ".join(rng.choice(words, 11)) + ("." if line % 4 == 2 else ""))
        made.append("\n".join(lines))
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--pages", type=int, default=2000)
    options = parser.parse_args()
    print(machine("llama-index-core", "pypdfium2"))
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for number in range(10):
            write_pdf(root / "pdfs" / f"report{number}.pdf", pages(options.pages // 10, number))
        session = mm.Session(mm.Config(root=str(root / "collections")))
        reports = session.load(root / "pdfs", "reports", model="builtin", progress=False)
        figures: dict[str, list[float]] = {}
        for _ in range(options.runs):
            for at, pattern in enumerate(QUESTIONS * len(SUBJECTS)):
                first, second = SUBJECTS[at % 10], SUBJECTS[(at + 3) % 10]
                ask(reports, pattern.format(first, second), figures)
    rows = [
        [
            name,
            f"{statistics.median(times):.1f} ms",
            f"{statistics.quantiles(times, n=20)[-1]:.1f} ms",
        ]
        for name, times in figures.items()
    ]
    print(table([f"{options.pages:,} pages", "median", "95% are below"], rows))
    worst = max(statistics.median(times) for name, times in figures.items() if "beside" in name)
    print(f"\nBudget: {BUDGET} ms beside retrieval and model; {worst / BUDGET:.2f}x of it is used.")


def ask(reports: mm.Collection, question: str, figures: dict[str, list[float]]) -> None:
    """Ask one question both ways, and note the milliseconds of each step."""
    quoted = reports.ask(question)
    written = reports.ask(question, llm=Prompt(), fresh=True)
    began = time.perf_counter()
    quoted._repr_mimebundle_()
    drawn = time.perf_counter() - began
    told = {
        "retrieval": quoted.timings["retrieval"],
        "quoted answer, beside retrieval": quoted.timings["answer"],
        "written answer, beside retrieval and model": written.timings["answer"],
        "drawing the quoted answer, with its pages": drawn,
    }
    for name, seconds in told.items():
        figures.setdefault(name, []).append(1000 * seconds)


if __name__ == "__main__":
    main()
