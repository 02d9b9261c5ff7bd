"""From a source's items to committed parts and vectors: digests, decoding, embedding."""

from mmrag_jupyter.ingest.load import finding, load, stoppable
from mmrag_jupyter.ingest.report import LoadReport, Reporter, SilentReporter, TerminalReporter
from mmrag_jupyter.ingest.run import LoadOptions

__all__ = [
    "LoadOptions",
    "LoadReport",
    "Reporter",
    "SilentReporter",
    "TerminalReporter",
    "finding",
    "load",
    "stoppable",
]
