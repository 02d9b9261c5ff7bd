"""An adapter of frozen embeddings, learnt from what the user knows, and kept only if it helps."""
