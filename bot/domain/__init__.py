"""The plain values, errors and clock that services and adapters share; it imports nothing of theirs."""
