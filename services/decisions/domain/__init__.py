"""The rules of decisions, pure."""
