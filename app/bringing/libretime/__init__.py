"""A LibreTime station's library: its database as `pg_dump` writes it, and its storage folder."""
