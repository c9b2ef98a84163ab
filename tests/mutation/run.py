"""
Damage the code that moves money, one fault at a time, and see whether the tests notice.

    make mutants                                      every module
    make mutants ARGS='domain.execution.gate'         one module
    make mutants ARGS='--every 10'                    each tenth mutant
    make mutants ARGS='domain.execution.gate:12'      one mutant
    make mutants ARGS='--show domain.execution.gate:12'

Prints what became of the mutants of each module, and every survivor that docs/mutants.md does not explain. Exits with 1
when there is one. The same code and tests give the same verdicts.
"""

import argparse
import gc
import hashlib
import importlib
import os
import pickle
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from mutation.mutants import Mutant, difference, mutants_of
from mutation.suite import Reach, collected, measured, one_fails
from mutation.targets import GROUPS, LEFT_OUT, ROOT, TESTS, modules, path_of
from mutation.trial import Loaded, Trial, Verdict, install, load_instead, loaded, tried

_EXPLAINED = ROOT / "docs" / "mutants.md"
_ROW = re.compile(
    r"^\| `(?P<module>[\w.]+)` \| `(?P<scope>[\w.]*)` \| `(?P<what>.*?)` \| `(?P<line>.*?)` \|", re.MULTILINE
)
_OURS = ("alchemiser", "support", "tests", "conftest", "mutation", "pytest", "_pytest", "py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """
    What the tests reach on sound code, and the modules they load.
    """

    reach: Reach
    loaded: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class Findings:
    """
    What is known of the mutants so far.
    """

    measure: Measure
    verdicts: dict[str, Verdict] = field(default_factory=dict)

    def tell(self, name: str, verdict: Verdict) -> None:
        """
        Note what became of a mutant.
        """
        self.verdicts[name] = verdict
        if verdict is not Verdict.KILLED:
            print(f"  {name} {verdict}", file=sys.__stdout__, flush=True)


def main() -> int:
    """
    Try the mutants that are asked for; return 1 if one survived unexplained.
    """
    parser = argparse.ArgumentParser(
        prog="make mutants", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("names", nargs="*", help="modules, groups or single mutants; all when left out")
    parser.add_argument("--every", type=int, default=1, help="try each n-th mutant only")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--show", action="store_true", help="show the mutants as diffs, and try none")
    asked = parser.parse_args()
    sources = {module: path_of(module).read_text(encoding="utf-8") for module in modules()}
    chosen = _chosen(sources, asked.names)[:: asked.every]
    if asked.show:
        print("\n\n".join(difference(sources[one.module], one) for one in chosen))
        return 0
    began = time.monotonic()
    print(f"{len(chosen)} mutants, {asked.jobs} at a time", flush=True)
    findings = _measured(sources)
    print(
        f"{len(findings.measure.reach.cost_s)} tests, {sum(findings.measure.reach.cost_s.values()):.0f} s", flush=True
    )
    _cold(findings, [one for one in chosen if not one.scope], sources, asked.jobs)
    _hot(findings, [one for one in chosen if one.scope], sources, asked.jobs)
    print(f"{time.monotonic() - began:.0f} s", flush=True)
    return _told(chosen, findings.verdicts, sources)


def _chosen(sources: Mapping[str, str], names: Sequence[str]) -> list[Mutant]:
    everything = [one for module, source in sources.items() for one in mutants_of(module, source)]
    if not names:
        return everything
    wanted = {module for name in names for module in GROUPS.get(name, (name,))}
    chosen = [one for one in everything if one.module in wanted or one.name in wanted]
    if missing := wanted - set(sources) - {one.name for one in chosen}:
        raise SystemExit(f"expected modules, groups or mutants, found {', '.join(sorted(missing))}")
    return chosen


def _measured(sources: Mapping[str, str]) -> Findings:
    """
    Run the tests on sound code in a fork, as every trial is run; what was measured is kept until code or tests change.
    """
    kept = ROOT / "var" / f"mutation-{_fingerprint()}.pickle"
    if kept.exists():
        return Findings(measure=_read(kept))
    files = frozenset(str(path_of(module)) for module in sources)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "measure.pickle"

        def does(session: pytest.Session) -> None:
            reach = measured(session, files)
            path.write_bytes(pickle.dumps(Measure(reach=reach, loaded=tuple(sorted(sys.modules)))))

        pid = os.fork()
        if pid == 0:
            os._exit(collected(TESTS, does))
        _, status = os.waitpid(pid, 0)
        if status:
            raise SystemExit("the tests fail although nothing is damaged")
        kept.parent.mkdir(exist_ok=True)
        shutil.copyfile(path, kept)
    return Findings(measure=_read(kept))


def _read(path: Path) -> Measure:
    measure = pickle.loads(path.read_bytes())  # noqa: S301 - written by this program, for this checkout
    assert isinstance(measure, Measure)
    return measure


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for folder in ("src", "tests", "strategies"):
        for path in sorted((ROOT / folder).rglob("*.*")):
            if path.suffix in {".py", ".clj", ".toml"} and "mutation" not in path.parts:
                digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    digest.update(repr((TESTS, LEFT_OUT)).encode())
    return digest.hexdigest()[:16]


def _hot(findings: Findings, mutants: Sequence[Mutant], sources: Mapping[str, str], jobs: int) -> dict[str, Verdict]:
    """
    Try mutants of functions, in forks of a process that has loaded and collected everything.
    """
    reach = findings.measure.reach

    def trials(session: pytest.Session, alive: Loaded) -> Iterator[Trial]:
        for one in mutants:
            names = reach.tests_of(one.module, one.lines)
            if names:
                yield Trial(
                    name=one.name,
                    notices=partial(_notices_function, session, alive, one, sources[one.module], names),
                    cpu_s=reach.limit_s(names),
                )
            else:
                findings.tell(one.name, Verdict.UNTESTED)

    def does(session: pytest.Session) -> None:
        _load(findings.measure.loaded)
        alive = loaded()
        # Nothing that is loaded is garbage: a fork that collects would copy all of it.
        gc.freeze()
        tried(trials(session, alive), jobs=jobs, told=findings.tell)

    if mutants and collected(TESTS, does):
        raise SystemExit("the tests cannot be collected")
    return findings.verdicts


def _cold(findings: Findings, mutants: Sequence[Mutant], sources: Mapping[str, str], jobs: int) -> dict[str, Verdict]:
    """
    Try mutants outside functions, in forks of a process that has loaded everything but the project.
    """
    reach = findings.measure.reach
    _load(name for name in findings.measure.loaded if name.split(".")[0] not in _OURS)

    def trial(mutant: Mutant | None, module: str) -> Trial:
        names = reach.tests_of_module(module)
        return Trial(
            name="sound code" if mutant is None else mutant.name,
            notices=partial(_notices_loaded, mutant, sources[module], names),
            cpu_s=20 + reach.limit_s(names),
        )

    for module in {tuple(reach.tests_of_module(one.module)): one.module for one in mutants}.values():
        sound = Findings(measure=findings.measure)
        tried(iter([trial(None, module)]), jobs=1, told=sound.tell)
        if sound.verdicts != {"sound code": Verdict.SURVIVED}:
            raise RuntimeError(f"expected the tests of {module} to pass on sound code, found {sound.verdicts}")
    tried((trial(one, one.module) for one in mutants), jobs=jobs, told=findings.tell)
    return findings.verdicts


def _notices_function(
    session: pytest.Session, alive: Loaded, mutant: Mutant, source: str, names: Sequence[str], folder: Path
) -> bool:
    install(mutant, source, alive)
    return one_fails(session, names, folder)


def _notices_loaded(mutant: Mutant | None, source: str, names: Sequence[str], folder: Path) -> bool:
    if mutant is not None:
        load_instead(mutant, source)
    failed: list[bool] = []
    files = list(dict.fromkeys(name.partition("::")[0] for name in names))
    code = collected(files, lambda session: failed.append(one_fails(session, names, folder)))
    return bool(code) or failed != [False]


def _load(names: Iterable[str]) -> None:
    for name in names:
        with suppress(ImportError):
            importlib.import_module(name)


def _told(mutants: Sequence[Mutant], verdicts: Mapping[str, Verdict], sources: Mapping[str, str]) -> int:
    alive = [one for one in mutants if verdicts[one.name] not in {Verdict.KILLED, Verdict.TIMEOUT}]
    explained = _explained(alive, sources)
    print(f"\n{'':38} {'mutants':>8} {'killed':>8} {'timeout':>8} {'alive':>8} {'explained':>10}")
    for group, members in GROUPS.items():
        rows = [one for one in mutants if one.module in members]
        for module in members:
            _row(module, [one for one in rows if one.module == module], verdicts, explained)
        _row(group.upper(), rows, verdicts, explained)
    unexplained = [one for one in alive if one.name not in explained]
    for one in unexplained:
        print(f"{verdicts[one.name]:9} {one.name:40} {one.scope or 'module'}: {one.what}   | {_line(one, sources)}")
    return 1 if unexplained else 0


def _row(name: str, mutants: Sequence[Mutant], verdicts: Mapping[str, Verdict], explained: frozenset[str]) -> None:
    if not mutants:
        return
    count = Counter(verdicts[one.name] for one in mutants)
    killed, late = count[Verdict.KILLED], count[Verdict.TIMEOUT]
    left = sum(one.name in explained for one in mutants)
    share = (killed + late) / len(mutants)
    print(
        f"{name:38} {len(mutants):8} {killed:8} {late:8} {len(mutants) - killed - late:8} {left:10} {share:8.1%} killed"
    )


def _line(mutant: Mutant, sources: Mapping[str, str]) -> str:
    text = sources[mutant.module].encode()
    start = text.rfind(b"\n", 0, mutant.start) + 1
    return text[start : text.index(b"\n", mutant.start)].decode().strip()


def _explained(mutants: Sequence[Mutant], sources: Mapping[str, str]) -> frozenset[str]:
    text = _EXPLAINED.read_text(encoding="utf-8") if _EXPLAINED.exists() else ""
    rows = {(row["module"], row["scope"], row["what"], row["line"]) for row in _ROW.finditer(text)}
    return frozenset(
        one.name for one in mutants if (one.module, one.scope, _cell(one.what), _cell(_line(one, sources))) in rows
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("`", "'")


if __name__ == "__main__":
    sys.exit(main())
