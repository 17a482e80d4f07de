"""Pictures and pages for people: maps, clouds of points, and HTML reports that need no other file."""
