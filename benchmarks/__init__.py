"""What measures migkg against other systems, on one machine and the same data."""
