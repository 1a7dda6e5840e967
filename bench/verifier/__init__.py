"""How the verifier's model is made: pairs of claims and passages, training, and its file."""
