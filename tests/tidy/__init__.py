"""The rules of the house, held by tests instead of by memory."""
