"""Zstandard, from the standard library where it has it (PEP 784), else from its backport."""

from __future__ import annotations

import sys

if sys.version_info >= (3, 14):
    from compression.zstd import ZstdCompressor, ZstdError, ZstdFile
else:
    from backports.zstd import ZstdCompressor, ZstdError, ZstdFile

__all__ = ["ZstdCompressor", "ZstdError", "ZstdFile"]
