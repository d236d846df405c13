"""Another SPARQL 1.1 engine, or several replicas of one, as the engine of the service."""

from migkg.engine.remote.engine import RemoteEngine

__all__ = ["RemoteEngine"]
