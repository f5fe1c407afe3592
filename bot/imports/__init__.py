"""Adapter: reads the files that people bring; no network, no database, and nothing is written to disk."""
