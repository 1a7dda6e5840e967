"""What is done with whole documents: summaries, filled forms, sorting, and texts from facts."""
