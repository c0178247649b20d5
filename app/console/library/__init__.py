"""The library: finding, uploading and recording."""
