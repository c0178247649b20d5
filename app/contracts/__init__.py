"""What was booked at a site, what the site's log says of it, and how the minutes of a month compare."""
