"""Files that are wrong on purpose, made byte by byte: one function a file, by kind."""
