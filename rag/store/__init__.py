"""The catalog, and the search structures derived from it."""
