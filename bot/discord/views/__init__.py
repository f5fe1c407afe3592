"""Messages as Components V2 layouts, and the buttons in them."""
