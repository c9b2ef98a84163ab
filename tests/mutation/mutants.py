"""
List the mutants of a module: its text with one small fault each, numbered from its first line to its last.

Left out, since no test is meant to tell: log lines, the wording of messages (f-strings, texts of more than three words,
whatever a `raise` carries), annotations, decorators, asserts, and what tells the type checker that a branch cannot be.
"""

import ast
import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mutation.operators import damaged, in_place, negated

_LOGS = frozenset({"log", "_log"})
_CHANGES = (ast.Raise, ast.Break, ast.Continue, ast.Delete)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """
    One fault in a module.

    Args:
        scope: the outermost function it is in, by its qualified name; empty when it is in none.
        lines: the first and the last line of the statement, or of its condition, that it is in.
        start: where the replaced bytes begin in the module's text, and `end` where they end.
    """

    module: str
    number: int
    what: str
    scope: str
    lines: tuple[int, int]
    start: int
    end: int
    text: str

    @property
    def name(self) -> str:
        """
        The module and the number, such as `domain.execution.gate:12`.
        """
        return f"{self.module}:{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    scope: str
    path: str
    lines: tuple[int, int]


def mutants_of(module: str, source: str) -> tuple[Mutant, ...]:
    """
    Return every mutant of a module.
    """
    found = sorted(_Listing(module, source).listed(), key=lambda one: (one.start, one.end, one.what, one.text))
    return tuple(
        Mutant(
            module=module,
            number=number,
            what=one.what,
            scope=one.scope,
            lines=one.lines,
            start=one.start,
            end=one.end,
            text=one.text,
        )
        for number, one in enumerate(found, start=1)
    )


def mutated(source: str, mutant: Mutant) -> str:
    """
    Return the text of the module with the fault in it.
    """
    text = source.encode()
    return (text[: mutant.start] + mutant.text.encode() + text[mutant.end :]).decode()


def difference(source: str, mutant: Mutant) -> str:
    """
    Return the fault as a unified diff.
    """
    rows = difflib.unified_diff(
        source.splitlines(),
        mutated(source, mutant).splitlines(),
        mutant.module,
        f"{mutant.name}: {mutant.what}",
        lineterm="",
    )
    return "\n".join(rows)


class _Listing:
    """
    A walk over the tree of a module that yields its mutants, not yet numbered.
    """

    def __init__(self, module: str, source: str) -> None:
        self._module = module
        self._text = source.encode()
        self._tree = ast.parse(source)
        self._starts = [0]
        for line in self._text.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))

    def listed(self) -> Iterator[Mutant]:
        yield from self._block(self._tree.body, _Place(scope="", path="", lines=(1, 1)))

    def _block(self, body: Sequence[ast.stmt], place: _Place) -> Iterator[Mutant]:
        for statement in body:
            yield from self._statement(statement, _at(statement, place))

    def _statement(self, node: ast.stmt, place: _Place) -> Iterator[Mutant]:
        match node:
            case ast.FunctionDef():
                yield from self._function(node, place)
            case ast.ClassDef():
                if not any("Protocol" in ast.unparse(base) for base in node.bases):
                    yield from self._block(node.body, _inside(node.name, place))
            case ast.Import() | ast.ImportFrom() | ast.Assert() | ast.Pass():
                return
            case ast.AnnAssign(annotation=annotation, value=value):
                if value is not None and ast.unparse(annotation) != "TypeAlias":
                    yield from self._expression(value, place)
            case ast.Expr(value=value):
                yield from self._call_or_yield(node, value, place)
            case ast.Return(value=ast.expr() as value):
                yield from self._result(value, place)
            case ast.Match() | ast.Try() | ast.If() | ast.While() | ast.For() | ast.With():
                yield from self._compound(node, place)
            case _:
                yield from self._simple(node, place)

    def _function(self, node: ast.FunctionDef, place: _Place) -> Iterator[Mutant]:
        for default in (*node.args.defaults, *node.args.kw_defaults):
            if default is not None:
                yield from self._expression(default, place)
        inner = _inside(node.name, place)
        body = _Place(scope=place.scope or inner.path, path=f"{inner.path}.<locals>", lines=inner.lines)
        yield from self._block(node.body, body)

    def _call_or_yield(self, node: ast.stmt, value: ast.expr, place: _Place) -> Iterator[Mutant]:
        if isinstance(value, ast.Constant) or _is_log(value) or _is_assert_never(value):
            return
        yield self._mutant(node, "left out", "pass", place)
        yield from self._expression(value, place)

    def _result(self, value: ast.expr, place: _Place) -> Iterator[Mutant]:
        if not (isinstance(value, ast.Constant) and value.value is None):
            yield self._mutant(value, "returns None", "None", place)
        yield from self._expression(value, place)

    def _simple(self, node: ast.stmt, place: _Place) -> Iterator[Mutant]:
        is_kept = isinstance(node, ast.Assign) and all(isinstance(one, ast.Name | ast.Tuple) for one in node.targets)
        if isinstance(node, (*_CHANGES, ast.AugAssign, ast.Assign)) and not is_kept:
            yield self._mutant(node, "left out", "pass", place)
        if isinstance(node, ast.Break | ast.Continue):
            other = "continue" if isinstance(node, ast.Break) else "break"
            yield self._mutant(node, f"{ast.unparse(node)} → {other}", other, place)
        if isinstance(node, ast.AugAssign):
            for what, changed in in_place(node):
                yield self._mutant(node, what, ast.unparse(changed), place)
        if not isinstance(node, ast.Raise):
            yield from self._parts(node, place)

    def _compound(
        self, node: ast.Match | ast.Try | ast.If | ast.While | ast.For | ast.With, place: _Place
    ) -> Iterator[Mutant]:
        head = place
        match node:
            case ast.Match(subject=subject, cases=cases):
                yield from self._expression(subject, head)
                yield from self._cases(cases, place)
                return
            case ast.Try(handlers=handlers):
                for handler in handlers:
                    yield from self._handler(handler, place)
            case ast.If(test=test) | ast.While(test=test):
                yield from self._condition(test, head)
            case ast.For(iter=iterated):
                yield from self._expression(iterated, head)
            case ast.With(items=items):
                for item in items:
                    if not _is_log(item.context_expr):
                        yield from self._expression(item.context_expr, head)
        for name in ("body", "orelse", "finalbody"):
            yield from self._block(getattr(node, name, []), place)

    def _cases(self, cases: Sequence[ast.match_case], place: _Place) -> Iterator[Mutant]:
        for case in cases:
            is_unreachable = isinstance(case.body[0], ast.Expr) and _is_assert_never(case.body[0].value)
            if is_unreachable:
                continue
            if len(cases) > 1:
                yield self._without(case, place)
            if case.guard is not None:
                yield from self._condition(case.guard, _at(case.guard, place))
            yield from self._block(case.body, place)

    def _without(self, case: ast.match_case, place: _Place) -> Mutant:
        line = self._starts[case.pattern.lineno - 1]
        start = line + self._text[line:].index(b"case")
        end = self._offset(case.body[-1].end_lineno, case.body[-1].end_col_offset)
        what = f"case {ast.unparse(case.pattern)} left out"
        lines = (case.body[0].lineno, case.body[-1].end_lineno or case.body[-1].lineno)
        return self._made(start, end, what, "", _Place(scope=place.scope, path=place.path, lines=lines))

    def _handler(self, handler: ast.ExceptHandler, place: _Place) -> Iterator[Mutant]:
        lines = (handler.lineno, handler.body[-1].end_lineno or handler.lineno)
        caught = _Place(scope=place.scope, path=place.path, lines=lines)
        kind = handler.type
        if kind is not None:
            yield self._mutant(kind, f"except {ast.unparse(kind)} left out", "()", caught)
        if isinstance(kind, ast.Tuple):
            for one in kind.elts:
                rest = [ast.unparse(other) for other in kind.elts if other is not one]
                yield self._mutant(kind, f"except {ast.unparse(one)} left out", f"({', '.join(rest)},)", caught)
        yield from self._block(handler.body, place)

    def _condition(self, node: ast.expr, place: _Place) -> Iterator[Mutant]:
        for what, changed in negated(node):
            yield self._mutant(node, what, f"({ast.unparse(changed)})", place)
        yield from self._expression(node, place)

    def _expression(self, node: ast.expr, place: _Place) -> Iterator[Mutant]:
        if isinstance(node, ast.JoinedStr) or _is_log(node):
            return
        if isinstance(node, ast.IfExp):
            yield from self._condition(node.test, place)
            yield from self._expression(node.body, place)
            yield from self._expression(node.orelse, place)
            return
        for what, changed in damaged(node):
            yield self._mutant(node, what, f"({ast.unparse(changed)})", place)
        yield from self._parts(node, place)

    def _parts(self, node: ast.AST, place: _Place) -> Iterator[Mutant]:
        for child in ast.iter_child_nodes(node):
            match child:
                case ast.comprehension(iter=iterated, ifs=conditions):
                    yield from self._expression(iterated, place)
                    for condition in conditions:
                        yield from self._condition(condition, place)
                case ast.keyword(value=value):
                    yield from self._expression(value, place)
                case ast.expr():
                    yield from self._expression(child, place)
                case _:
                    continue

    def _mutant(self, node: ast.expr | ast.stmt, what: str, text: str, place: _Place) -> Mutant:
        start = self._offset(node.lineno, node.col_offset)
        return self._made(start, self._offset(node.end_lineno, node.end_col_offset), what, text, place)

    def _made(self, start: int, end: int, what: str, text: str, place: _Place) -> Mutant:
        return Mutant(
            module=self._module,
            number=0,
            what=what,
            scope=place.scope,
            lines=place.lines,
            start=start,
            end=end,
            text=text,
        )

    def _offset(self, line: int | None, column: int | None) -> int:
        assert line is not None
        assert column is not None
        return self._starts[line - 1] + column


def _at(node: ast.stmt | ast.expr, place: _Place) -> _Place:
    head: ast.stmt | ast.expr = node
    match node:
        case ast.If(test=expression) | ast.While(test=expression) | ast.Match(subject=expression):
            head = expression
        case ast.For(iter=expression):
            head = expression
        case ast.With(items=items):
            head = items[-1].context_expr
        case _:
            pass
    last = head.end_lineno or head.lineno
    if isinstance(node, ast.Try | ast.FunctionDef | ast.ClassDef):
        last = node.lineno
    return _Place(scope=place.scope, path=place.path, lines=(node.lineno, last))


def _inside(name: str, place: _Place) -> _Place:
    path = f"{place.path}.{name}" if place.path else name
    return _Place(scope=place.scope, path=path, lines=place.lines)


def _is_log(node: ast.expr) -> bool:
    text = ast.unparse(node)
    return isinstance(node, ast.Call) and (text.split(".")[0] in _LOGS or text.startswith("structlog."))


def _is_assert_never(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "assert_never"
