"""The commands are where the table of commands says."""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Iterator
from importlib import import_module

from migkg.cli import main


def parsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """The parser of each command and of each of its actions."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for part in action.choices.values():
                yield part
                yield from parsers(part)


def test_every_command_can_be_imported() -> None:
    found = [part.get_default("command") for part in parsers(main._parser())]
    assert len(found) > 10
    for command in found:
        place = inspect.getclosurevars(command).nonlocals
        if place:
            assert callable(getattr(import_module(f"migkg.cli.{place['module']}"), place["name"]))
