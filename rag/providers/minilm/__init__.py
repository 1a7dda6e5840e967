"""The embedded embedder: all-MiniLM-L6-v2 as an int8 ONNX file, with its tokenizer."""
