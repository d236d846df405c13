"""migkg: a knowledge graph in which every fact leads to the words that support it."""

__version__ = "0.1.0"
