"""What is published, and what is handed to others, holds to its contract."""
