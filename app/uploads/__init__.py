"""Uploads that arrive in pieces (tus 1.0.0), until they are segments."""
