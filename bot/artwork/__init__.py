"""Abstract covers for saved playlists, drawn from what is in them."""
