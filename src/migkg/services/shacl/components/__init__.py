"""The constraint components of SHACL Core, one function each, a module a section."""
