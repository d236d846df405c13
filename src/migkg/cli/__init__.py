"""The ``migkg`` command: one short function a command."""
