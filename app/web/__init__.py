"""The HTTP side: the application, its problem documents, and the pages."""
