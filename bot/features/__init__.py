"""Adapter: those who may know the audio features of tracks, each behind the same few methods."""
