"""The way in: from a file to pages, chunks and vectors in the catalog."""
