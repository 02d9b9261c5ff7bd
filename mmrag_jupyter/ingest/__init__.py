"""From a source's items to committed parts and vectors: digests, decoding, embedding."""

from mmrag_jupyter.ingest.load import LoadOptions, load, stoppable
from mmrag_jupyter.ingest.report import LoadReport, Reporter, SilentReporter, TerminalReporter

__all__ = [
    "LoadOptions",
    "LoadReport",
    "Reporter",
    "SilentReporter",
    "TerminalReporter",
    "load",
    "stoppable",
]
