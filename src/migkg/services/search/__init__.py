"""Full-text search in what a release says, by an index that is made once for it."""
