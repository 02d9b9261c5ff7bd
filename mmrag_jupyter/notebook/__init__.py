"""`%mmrag` in IPython: the command line, its completion and help, and progress in a cell."""
