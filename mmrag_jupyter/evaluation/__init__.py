"""How well a collection answers, measured against what is known to be right."""
