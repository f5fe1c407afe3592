"""`python -m bot` is the same as `crossfade`."""

from bot.cli import main

main()
