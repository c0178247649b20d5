"""The sites' endpoints and how bytes reach them."""
