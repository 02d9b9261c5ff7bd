"""One fresh process for startup.py: open a collection, ask it, show what it found.

`startup_query.py FOLDER QUERY [ahead]`; with `ahead` it waits until the models were loaded in
the background, as they are while somebody reads and types. Prints a JSON object: seconds, and
under "… cpu" the seconds that the process computed, which a busy machine does not change.
"""

from __future__ import annotations

import json
import sys
import threading
import time

STEPS = ("open", "ahead", "query", "draw", "draw again")


def main() -> None:
    folder, query, *ahead = sys.argv[1:]
    import mmrag_jupyter as mm

    marks = [_now()]
    collection = mm.open(folder)
    marks.append(_now())
    for thread in threading.enumerate():
        if ahead and thread is not threading.main_thread():
            thread.join()
    marks.append(_now())
    hits = collection.query(query, k=12)
    marks.append(_now())
    first = hits._repr_mimebundle_()
    marks.append(_now())
    again = hits._repr_mimebundle_()
    marks.append(_now())
    if again != first or len(hits) != 12:
        sys.exit(f"12 hits were asked for, {len(hits)} came, and must show the same twice")
    figures = {}
    for name, before, after in zip(STEPS, marks, marks[1:], strict=False):
        figures[name], figures[f"{name} cpu"] = (after[at] - before[at] for at in (0, 1))
    print(json.dumps(figures))


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


if __name__ == "__main__":
    main()
