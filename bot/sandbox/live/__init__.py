"""The parts of the live Discord-like page: a world on the wall clock, its pages, and the pictures they show."""
