"""Where the project's own files are: in a checkout, or inside the installed package."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from migkg.errors import BadFile
from migkg.settings import Settings

FOLDERS = ("ontology", "shapes", "data")
_PACKAGE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Project:
    """A folder that holds ``ontology/``, ``shapes/``, ``queries/`` and ``data/``."""

    root: Path

    @property
    def queries(self) -> Path:
        """The folder of the stored queries."""
        return self.root / "queries"

    @property
    def pages(self) -> Path:
        """The folder of the queries behind the pages, which may be missing."""
        return self.root / "pages"

    @property
    def tables(self) -> Path:
        """The folder of the queries that make tables, which may be missing."""
        return self.root / "tables"

    def turtle_files(self) -> list[Path]:
        """Every Turtle file of the project, in a fixed order."""
        return [path for folder in FOLDERS for path in sorted((self.root / folder).glob("*.ttl"))]


def find_project(settings: Settings) -> Project:
    """The project that the settings name, else the checkout, else the one in the package."""
    candidates = (
        [settings.project] if settings.project else [_PACKAGE.parents[1], _PACKAGE / "project"]
    )
    for root in candidates:
        if all((root / folder).is_dir() for folder in FOLDERS):
            return Project(root)
    missing = [name for name in FOLDERS if not (candidates[-1] / name).is_dir()]
    raise BadFile(
        f"{candidates[-1]} is not a project: it has no folder {', '.join(missing)}. "
        "Set MIGKG_PROJECT to a folder with ontology/, shapes/, queries/ and data/."
    )
