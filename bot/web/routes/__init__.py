"""The web server's routes, a module a subject."""
