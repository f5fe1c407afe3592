"""Sample data and a local Spotify stand-in, for the demo and the tests."""
