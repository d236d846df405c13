"""A file is written in canonical form, whole or not at all, and only if nothing is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from migkg.errors import BadFile
from migkg.resources import Project
from migkg.services.formatting import canonical_text, format_file
from migkg.settings import Settings

PREFIXES = {"ex": "https://example.org/"}
LOOSE = "# Top.\n@prefix e: <https://example.org/>.\ne:s e:q 1;e:p 'x', <https://example.org/#a> ."
CANONICAL = (
    "# Top.\n\n@prefix e: <https://example.org/> .\n\n"
    'e:s\n  e:p "x" ;\n  e:p <https://example.org/#a> ;\n  e:q 1 ;\n  .\n'
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "file.ttl"
    path.write_bytes(LOOSE.encode())
    return path


def test_the_files_own_prefixes_win(path: Path) -> None:
    assert canonical_text(path, PREFIXES) == CANONICAL


def test_a_file_is_rewritten_once(path: Path) -> None:
    assert format_file(path, PREFIXES, check=False) is False
    assert path.read_bytes() == CANONICAL.encode()
    assert format_file(path, PREFIXES, check=False) is True
    assert list(path.parent.iterdir()) == [path]


def test_a_check_changes_nothing(path: Path) -> None:
    before = path.stat()
    assert format_file(path, PREFIXES, check=True) is False
    assert path.read_bytes() == LOOSE.encode()
    assert path.stat().st_mtime_ns == before.st_mtime_ns


@pytest.mark.parametrize("check", [True, False])
def test_a_canonical_file_is_left_alone(path: Path, check: bool) -> None:
    path.write_bytes(CANONICAL.encode())
    before = path.stat()
    assert format_file(path, PREFIXES, check=check) is True
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


def test_other_line_ends_are_not_canonical(path: Path) -> None:
    path.write_bytes(CANONICAL.replace("\n", "\r\n").encode())
    assert format_file(path, PREFIXES, check=False) is False
    assert path.read_bytes() == CANONICAL.encode()


def test_a_failed_write_leaves_the_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(draft: Path, data: bytes) -> None:
        with draft.open("wb") as output:
            output.write(data[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        format_file(path, PREFIXES, check=False)
    assert path.read_bytes() == LOOSE.encode()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (LOOSE + "\n# end", r":4: a comment here would be lost"),
        (
            "<a:s> <a:p> _:x . <a:t> <a:p> _:x .",
            r"file\.ttl: A blank node is .* more than one triple",
        ),
        ("<a:s> <a:p> .", r"file.ttl:1:\d+: "),
        ('<a:s> <a:p> "x"@en--ltr .', "without a change of meaning"),
    ],
    ids=["comment", "blank node", "syntax", "direction"],
)
def test_what_would_be_lost_is_refused(path: Path, text: str, why: str) -> None:
    path.write_bytes(text.encode())
    with pytest.raises(BadFile, match=why):
        format_file(path, PREFIXES, check=False)
    assert path.read_bytes() == text.encode()


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="cannot be read"):
        format_file(tmp_path / "absent.ttl", PREFIXES, check=True)


def test_the_files_of_a_project_stay_as_they_are(tiny: Settings) -> None:
    for path in Project(Path(str(tiny.project))).turtle_files():
        assert format_file(path, {}, check=False), path
