"""Face: the web server with Spotify's callback and the health page."""
