"""The Crossfade bot: everything that meets people, a network or a database."""

__version__ = "0.1.0"
