"""The rules of payments, pure."""
