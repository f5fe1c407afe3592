"""The Discord face: slash commands, buttons and the messages they answer with."""
