"""How an endpoint that was asked fails."""

from __future__ import annotations

from migkg.errors import BadQuery


class ReplicaFailed(Exception):
    """The replica gave no answer that counts; another one may.

    ``error`` is what the client is told if none does; ``dead`` is true if the replica could not
    even be reached.
    """

    def __init__(self, error: Exception, why: str, *, dead: bool = False) -> None:
        super().__init__(why)
        self.error = error
        self.dead = dead

    @property
    def refused(self) -> bool:
        """True if it says that the query is wrong, as it may well be."""
        return isinstance(self.error, BadQuery)


class ReplicaLags(ReplicaFailed):
    """The replica does not hold what it should."""
