"""The build hook: a wheel and a source distribution hold the bundles of the pages' scripts."""

from __future__ import annotations

import os
import runpy
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class FrontendHook(BuildHookInterface):
    """Makes the bundles where they are not there, as they are in a source distribution.

    A checkout makes its own (``make run``); ``MIGKG_WITHOUT_FRONTEND=1`` leaves them out.
    """

    def dependencies(self) -> list[str]:
        """Node.js from a package, if it is needed and the machine has none."""
        frontend = self._frontend()
        if self._leaves_out() or frontend["is_current"]() or frontend["has_node"]():
            return []
        return [frontend["NODE_WHEEL"]]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Makes the bundles before files are collected."""
        if version != "editable" and not self._leaves_out():
            self._frontend()["build"]()

    def _leaves_out(self) -> bool:
        return bool(os.environ.get("MIGKG_WITHOUT_FRONTEND"))

    def _frontend(self) -> dict[str, Any]:
        return runpy.run_path(str(Path(self.root) / "frontend" / "build.py"))
