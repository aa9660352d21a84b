"""Packages for the archive and for a main diary."""
