"""The schemas of the catalog, one file each."""
