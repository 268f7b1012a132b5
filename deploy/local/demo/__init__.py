"""The demo: one whole year of the county, on embedded servers."""
