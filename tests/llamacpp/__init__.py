"""Tests against llama.cpp's two servers, which run in an environment of their own."""
