"""Servers for one machine without Docker: PostgreSQL, a broker, a mock bank, and what runs them."""
