"""Ends the program at every point that matters, and looks whether its store kept its word."""
