"""Counts cases for reports: what came in a period, and what became of it. Nobody's words, nobody's name."""
