"""The models we talk to: one file for each vendor."""
