"""What came out of looking at a collection, in groups: list-like, and how it shows itself."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Generic, Self, TypeVar, overload

from mmrag_jupyter.display.sections import sections_bundle

if TYPE_CHECKING:
    from mmrag_jupyter.display.sections import Section
    from mmrag_jupyter.exploring.shown import Shelf

T = TypeVar("T")

_MOST = 24  # groups in an output


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Listed(Sequence[T], Generic[T]):
    """Groups of items, the largest first; a slice is of the same kind.

    `_noun` says what they are, in the plural; `_numbers` which of all of them are in it.
    """

    _noun: ClassVar[str]

    title: str
    notices: tuple[str, ...]
    _ids: tuple[str, ...]
    _numbers: range
    _shelf: Shelf

    @abstractmethod
    def _group(self, number: int) -> T:
        """Return the group of this number."""

    @abstractmethod
    def _section(self, number: int, group: T) -> Section:
        """Return a group as it is shown."""

    @overload
    def __getitem__(self, at: int) -> T: ...
    @overload
    def __getitem__(self, at: slice) -> Self: ...
    def __getitem__(self, at: int | slice) -> T | Self:
        if isinstance(at, slice):
            return replace(self, _numbers=self._numbers[at])
        if not -len(self) <= at < len(self):
            raise IndexError(f"There are {len(self):,} {self._noun}, and none at {at}.")
        return self._group(self._numbers[at])

    def __len__(self) -> int:
        return len(self._numbers)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.title}>"

    def _repr_mimebundle_(self, **_: object) -> dict[str, object]:
        return sections_bundle(
            [self._section(number, self._group(number)) for number in self._numbers[:_MOST]],
            title=self.title,
            notices=self.notices,
            options=self._shelf.options,
            total=len(self),
            more=self._noun,
        )
