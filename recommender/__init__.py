"""Playlist continuation: a library with no network, no database and no Discord."""
