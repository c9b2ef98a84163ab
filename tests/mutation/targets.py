"""
Which modules are damaged, and which tests are to notice.
"""

from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "alchemiser"

GROUPS: dict[str, tuple[str, ...]] = {
    "execution": (
        "domain.execution.answers",
        "domain.execution.attempt",
        "domain.execution.fills",
        "domain.execution.observe",
        "domain.execution.order",
        "domain.execution.phase",
        "domain.execution.policy",
        "domain.execution.pricing",
        "domain.execution.step",
        "domain.execution.walk",
        "application.execute",
        "application.sending",
    ),
    "planner": ("domain.portfolio.planner", "domain.portfolio.plan"),
    "gate": ("domain.execution.gate", "domain.execution.traffic", "infrastructure.guard"),
    "engine": ("application.dispatch", "infrastructure.sql.messages", "infrastructure.sql.transaction"),
}

# Examples of one behaviour each. Properties and whole days would notice more, at a thousand times the cost.
TESTS = (
    "tests/unit/domain/execution",
    "tests/unit/domain/portfolio",
    "tests/unit/application/test_dispatch.py",
    "tests/unit/application/test_execute.py",
    "tests/unit/application/test_sending.py",
    "tests/unit/infrastructure/test_guard.py",
    "tests/contracts/test_engine.py",
    "tests/contracts/test_deliveries.py",
    "tests/contracts/test_records.py",
    "tests/integration/test_poison.py",
)
LEFT_OUT = ("test_a_crash_at_any_call_changes_nothing", "postgres")


def modules() -> tuple[str, ...]:
    """
    Return every module that is damaged.
    """
    return tuple(module for group in GROUPS.values() for module in group)


def path_of(module: str) -> Path:
    """
    Return where a module is stored.
    """
    return SOURCE / (module.replace(".", "/") + ".py")


def is_for(module: str, test: str) -> bool:
    """
    Tell whether a test is to notice faults in a module: the domain's own tests for the domain, any test for the rest.
    """
    return not module.startswith("domain.") or test.startswith("tests/unit/domain/")
