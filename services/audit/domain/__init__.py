"""What is pure in audit: facets of events, filters, growth of a mirrored tree, states of streams."""
