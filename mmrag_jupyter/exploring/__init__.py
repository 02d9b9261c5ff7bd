"""A collection seen as a whole: its map, its duplicates, what stands apart, what lies together."""
