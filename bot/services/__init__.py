"""Use cases: typed values in, typed values out; no Discord, no HTTP, no tables."""
