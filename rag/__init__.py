"""Answering: documents, questions and models. Imports neither ingest nor ui."""
