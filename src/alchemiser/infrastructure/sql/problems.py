"""
What the databases' own errors mean to the operator, and what to do about them.
"""

_LOCKED = {"55P03", "40P01", "40001", "57014"}
_FULL = {"53100", "53200"}
_GONE = ("08", "57P")


def of_sqlite(problem: str, place: str) -> str:
    """
    Say what a problem that SQLite tells of means.
    """
    text = problem.lower()
    if "locked" in text or "busy" in text:
        return _held(place, problem)
    if "full" in text:
        return _no_room(place, problem)
    if "malformed" in text or "not a database" in text or "corrupt" in text:
        return damaged(place, problem)
    return f"{place}: the database refused: {problem}; nothing was written"


def of_postgres(error: BaseException, place: str) -> str:
    """
    Say what a problem that PostgreSQL or its driver tells of means.
    """
    state = str(getattr(error, "sqlstate", None) or "")
    problem = " ".join(str(error).split())
    if state in _LOCKED:
        return _held(place, problem)
    if state in _FULL:
        return _no_room(place, problem)
    if not state or state.startswith(_GONE):
        return (
            f"expected PostgreSQL to answer for {place}, it does not ({problem}); see that it runs and lets us in, "
            "then run the command again; what was not committed was not written"
        )
    return f"{place}: the database refused: {problem}; nothing was written"


def damaged(place: str, problem: str) -> str:
    """
    Say what to do about a file that is no usable database.
    """
    return (
        f"expected a whole SQLite database at {place}, found a damaged one ({problem}); it was not touched. "
        "Put a good copy in its place, or move it away to begin with empty records"
    )


def _held(place: str, problem: str) -> str:
    return (
        f"expected {place} to be free, another process holds it ({problem}); "
        "wait for that process or stop it, then run the command again; nothing was written"
    )


def _no_room(place: str, problem: str) -> str:
    return f"expected room for {place}, found none ({problem}); free some space, then run the command again"
