"""Joined rows elsewhere stay with their items, whatever comes and goes in between."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from join_machine import JoinMachine

from mmrag_jupyter.served import address_of, places
from mmrag_jupyter.served.itemreading import ItemReading
from mmrag_jupyter.served.state import State


class ServedJoinMachine(JoinMachine):
    """The same in a store elsewhere, which has no files to repair."""

    precisions = ("float32",)
    counts_parts_once = False  # but once in each space, which decides how deep to look alone
    # The quickest of the engines here; what differs between them is told by other tests.
    store_of = "qdrant://{}/shared"

    def made(self):
        # What another machine has changed is seen at once, not within a second.
        for module, name in ((ItemReading, "_refresh"), (State, "all")):
            original = getattr(module, name)
            self.patch.setattr(module, name, _anew(original))
        address = address_of(self.store_of.format(self.folder), "things")
        return places.open_at(address, self.folder / "one", create=True)

    def opened(self):
        address = address_of(self.store_of.format(self.folder), "things")
        return places.open_at(address, self.folder / "two")

    def repair(self):
        pass


def _anew(original):
    def read(self):
        self._counted_at = self._read_at = -1e9
        if hasattr(self, "_read"):
            self._read.at = -1e9
        return original(self)

    return read


TestJoin = ServedJoinMachine.TestCase
TestJoin.settings = settings(
    max_examples=8,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
