"""The four services and the libraries that they share."""
