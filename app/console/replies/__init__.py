"""Where a site answers what its mail asked."""
