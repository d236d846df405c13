"""Texts of the interface that stand in code."""

from __future__ import annotations


def translatable(text: str) -> str:
    """The text itself, which the catalogues of messages have too; the pages translate it."""
    return text
