"""
Verify the audit chain: go through links and rows side by side, and compute every hash again.
"""

from collections.abc import Iterator, Sequence
from itertools import islice

from sqlalchemy import Connection, select

from alchemiser.application.ports.audit import AuditChain, Flaw, Head, Witnessed
from alchemiser.infrastructure.sql.chain import SOURCES, START, hash_of, stored
from alchemiser.infrastructure.sql.engine import Database
from alchemiser.infrastructure.sql.tables import chain, chain_head

Texts = dict[str, str | None]


class SqlAuditChain(AuditChain):
    """
    The audit chain of a database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def head(self) -> Head:
        """
        Return the end of the chain.
        """
        with self._database.reading() as connection:
            row = connection.execute(select(chain_head.c.seq, chain_head.c.hash)).one()
        return Head(seq=row.seq, hash=row.hash)

    def flaws(self, *, limit: int = 100) -> tuple[Flaw, ...]:
        """
        Compute the whole chain again.
        """
        with self._database.reading() as connection:
            return tuple(islice(_flaws(connection), limit))

    def disagreeing(self, witnessed: Sequence[Witnessed]) -> tuple[Flaw, ...]:
        """
        Return the heads that this chain never had.
        """
        with self._database.reading() as connection:
            last = connection.scalar(select(chain.c.seq).order_by(chain.c.seq.desc()).limit(1)) or 0
            numbers = [one.head.seq for one in witnessed]
            found = dict(connection.execute(select(chain.c.seq, chain.c.hash).where(chain.c.seq.in_(numbers))).all())
        found[START.seq] = START.hash
        return tuple(
            Flaw(where=f"chain {one.head.seq}", problem=_disagreement(one, last=last))
            for one in witnessed
            if found.get(one.head.seq) != one.head.hash
        )


def _disagreement(one: Witnessed, *, last: int) -> str:
    if one.head.seq > last:
        return (
            f"the head kept for {one.run_id} is link {one.head.seq}, the records end at link {last}: "
            "they were put back to an earlier state, or lost their end"
        )
    return f"the head kept for {one.run_id} has another hash: history before it was rewritten"


def _flaws(connection: Connection) -> Iterator[Flaw]:
    rows = {name: _Rows(name, stored(connection, table)) for name, table in SOURCES.items()}
    before, number = START.hash, START.seq
    for seq, link in stored(connection, chain):
        number += 1
        if seq != number:
            yield Flaw(where=f"chain {number}", problem=f"the link is missing, the next there is is {seq}")
            number = seq
        name, told = str(link["source"]), str(link["row"])
        if name not in rows or not told.isdecimal():
            yield Flaw(where=f"chain {number}", problem=f"it names no row: {name!r} {told!r}")
        else:
            yield from rows[name].unlinked(until=int(told))
            texts = rows[name].take(int(told))
            if texts is None:
                yield Flaw(where=f"{name} {told}", problem="the row is missing")
            elif hash_of(before, number, name, texts) != link["hash"]:
                yield Flaw(where=f"{name} {told}", problem=f"the row is not what link {number} was made of")
        before = str(link["hash"])
    for source in rows.values():
        yield from source.unlinked(until=None)
    yield from _flaws_of_head(connection, before, number)


def _flaws_of_head(connection: Connection, before: str, number: int) -> Iterator[Flaw]:
    heads = [texts for _, texts in stored(connection, chain_head)]
    if len(heads) != 1:
        yield Flaw(where="chain_head", problem=f"expected one head, found {len(heads)}")
    for head in heads:
        if head["seq"] != str(number):
            yield Flaw(
                where="chain_head 1",
                problem=f"it says that the chain ends at link {head['seq']}, it ends at link {number}",
            )
        elif (head["id"], head["hash"]) != ("1", before):
            yield Flaw(where="chain_head 1", problem=f"it is not that of link {number}")


class _Rows:
    """
    The rows of a table by number, each taken once.
    """

    def __init__(self, name: str, rows: Iterator[tuple[int, Texts]]) -> None:
        self._name = name
        self._rows = rows
        self._next = next(rows, None)

    def unlinked(self, *, until: int | None) -> Iterator[Flaw]:
        """
        Yield the rows before a number, or all that are left: no link was made for them.
        """
        while self._next is not None and (until is None or self._next[0] < until):
            yield Flaw(where=f"{self._name} {self._next[0]}", problem="the row was put in: it has no link")
            self._next = next(self._rows, None)

    def take(self, number: int) -> Texts | None:
        """
        Return the row of a number, if it comes next.
        """
        if self._next is None or self._next[0] != number:
            return None
        _, texts = self._next
        self._next = next(self._rows, None)
        return texts
