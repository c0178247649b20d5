"""The watched drop folder: what appears there and is complete becomes a draft, for the awaited item that its name says."""
