"""From a query to hits: signals, their fusion, and the LlamaIndex face of it."""
