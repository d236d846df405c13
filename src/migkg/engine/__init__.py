"""What answers a query, and how a release is made and opened."""
