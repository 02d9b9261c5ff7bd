"""From hits to an answer that cites them: extracted, or written by a language model."""
