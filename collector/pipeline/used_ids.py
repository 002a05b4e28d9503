"""Which message ids an engine used in each second of one of its boots, while a batch adds to them."""

from collections.abc import Mapping
from typing import Self

from collector.domain.message_ids import MessageIds


class UsedIds:
    """`kept` is what the last commit left and stays as it is; `touched` holds the seconds that the batch added ids to. `ranges`:
    how many ranges both have, which is what they cost."""

    __slots__ = ("_kept", "ranges", "touched")

    def __init__(self, kept: Mapping[int, MessageIds], ranges: int) -> None:
        self._kept = kept
        self.ranges = ranges
        self.touched: dict[int, MessageIds] = {}

    def add(self, second: int, message_id: int) -> bool:
        """Whether it is new."""
        ids = self.touched.get(second)
        if ids is None:
            kept = self._kept.get(second)
            ids = self.touched[second] = MessageIds() if kept is None else kept.copy()
        before = ids.ranges
        new = ids.add(message_id)
        self.ranges += ids.ranges - before
        return new

    @property
    def seconds(self) -> Mapping[int, MessageIds]:
        """Kept and touched ones."""
        return {**self._kept, **self.touched} if self.touched else self._kept

    def after(self, second: int) -> dict[int, MessageIds]:
        """Those of every later second."""
        return {place: ids for place, ids in self.seconds.items() if place > second}

    def from_now_on(self, forgotten_to: int) -> Self:
        """The same when the engine begins anew, without what was forgotten; the batch goes on adding to it."""
        made = type(self)(self.after(forgotten_to), self.ranges)
        made.touched = self.touched
        return made

    def leave_out(self, second: int, ids: MessageIds) -> None:
        """No longer count a second that `after` told of; nobody asks for it again."""
        self.ranges -= ids.ranges
        self.touched.pop(second, None)
