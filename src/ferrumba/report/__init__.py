"""Pictures and pages for people: a map of cells, and an HTML report that needs no other file."""
