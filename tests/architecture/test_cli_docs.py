import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from alchemiser.interface.cli.failures import ExitCode
from alchemiser.interface.cli.main import COMMANDS, cli

DOCS = Path(__file__).parents[2] / "docs" / "cli.md"


def every_command(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    """
    Yield a command and all below it with the words that call them.
    """
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from every_command(child, f"{path} {name}")


ALL = dict(every_command(cli, "alchemiser"))


def documented(path: str) -> str:
    """
    Return the section of a command, empty when there is none.
    """
    sections = re.split(r"^## (.+)$", DOCS.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(sections[1::2], sections[2::2], strict=True)).get(path, "")


def options_of(command: click.Command) -> set[str]:
    """
    Return a command's options by their long names, without help.
    """
    return {
        next(name for name in parameter.opts if name.startswith("--"))
        for parameter in command.params
        if isinstance(parameter, click.Option)
    } - {"--help"}


@pytest.mark.parametrize("path", ALL)
def test_every_command_has_a_section_with_exactly_its_options(path: str) -> None:
    """
    The page names each option of a command in its table, and no other.
    """
    section = documented(path)

    assert section
    assert options_of(ALL[path]) == set(re.findall(r"^\| `(--[a-z-]+)` \|", section, flags=re.MULTILINE))


@pytest.mark.parametrize("path", ALL)
def test_every_command_and_option_has_help(path: str) -> None:
    """
    Nothing can be asked for that `--help` does not explain.
    """
    command = ALL[path]

    silent = [p.name for p in command.params if isinstance(p, click.Option) and not p.help]
    assert [] == silent
    assert command.help


@pytest.mark.parametrize("name", COMMANDS)
def test_the_overview_says_what_the_command_says(name: str) -> None:
    """
    The help lines that are known without importing a command are its own first lines.
    """
    help_text = ALL[f"alchemiser {name}"].help or ""

    assert COMMANDS[name] == help_text.split("\n\n")[0].replace("\n", " ").strip()


def test_every_exit_code_is_explained() -> None:
    """
    The page's table holds exactly the codes there are.
    """
    codes = re.findall(r"^\| (\d+) \|", DOCS.read_text(encoding="utf-8"), flags=re.MULTILINE)

    assert {str(code.value) for code in ExitCode} == set(codes)
