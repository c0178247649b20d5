"""The library of segments: uploads, ingest, approval."""
