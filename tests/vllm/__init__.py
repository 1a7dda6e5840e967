"""Tests against a real vLLM, which runs in an environment of its own."""
