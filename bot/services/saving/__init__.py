"""How a list becomes a playlist in a member's Spotify: what is written, where, in which steps, and how it is undone."""
