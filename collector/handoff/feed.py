"""The feed: which messages a reader gets from its place on, and where it goes on after them. Waiting for new ones, and how a
place is written as a cursor, is the API's business."""

from dataclasses import dataclass

from collector.domain.errors import NotFound, Rejected
from collector.store.engine import Connection
from collector.store.messages import MessageFilter, last_position, oldest_position, place_after, read_bodies

LOOKED_THROUGH = 20_000
"""Messages that one page looks through at most: a filter that hardly lets anything pass must not make it long."""
LONGEST_PAGE = 8 << 20
"""Octets of bodies after which a page ends."""


class PlaceGone(NotFound):
    """Messages behind the place are no longer kept. `oldest` is the first place from which nothing is missing."""

    def __init__(self, oldest: int) -> None:
        super().__init__("messages behind this place are no longer kept")
        self.oldest = oldest


class NoSuchPlace(Rejected):
    """No message was ever written there: the place is of another store, or of one that was lost."""


@dataclass(frozen=True, slots=True)
class FeedPage:
    """`bodies` as they were written; `next` is the place behind everything that was looked at, left out by the filter or not;
    `more`: there is something behind it already."""

    bodies: list[str]
    next: int
    more: bool


def end_of_feed(connection: Connection) -> int:
    """The place behind the newest message."""
    return last_position(connection)


def read_feed(connection: Connection, wanted: MessageFilter, *, after: int | None, limit: int) -> FeedPage:
    """The messages behind `after`; None begins with the oldest that is kept. Raise PlaceGone or NoSuchPlace.

    In one view of the store: what is not in it has a higher position than all that is.
    """
    last, oldest = last_position(connection), oldest_position(connection) - 1
    place = oldest if after is None else after
    if place < oldest:
        raise PlaceGone(oldest)
    if place > last:
        raise NoSuchPlace("the feed does not reach that far: the cursor is of another store")
    until = place_after(connection, place, messages=LOOKED_THROUGH) if last - place > LOOKED_THROUGH else last
    bodies: list[str] = []
    octets = 0
    for position, body in read_bodies(connection, wanted, after=place, until=until, limit=limit):
        bodies.append(body)
        octets += len(body)
        if len(bodies) == limit or octets >= LONGEST_PAGE:
            return FeedPage(bodies, position, more=position < last)
    return FeedPage(bodies, until, more=until < last)
