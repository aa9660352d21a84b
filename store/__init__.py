"""What we know and must not lose. Plain, synchronous SQLAlchemy."""
