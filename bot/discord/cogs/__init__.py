"""Slash commands: each parses, calls one service and has the answer drawn by a view."""
