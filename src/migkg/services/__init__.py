"""What the service does with an engine and a release, apart from any web framework."""
