"""What runs grant-ledger: embedded servers, the demo, one county, its data."""
