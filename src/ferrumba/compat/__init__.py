"""The names and semantics of the projects that Ferrumba replaces, one module for each."""
