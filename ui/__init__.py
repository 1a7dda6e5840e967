"""Every way in for people and programs, and nothing but that."""
