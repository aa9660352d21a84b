"""Text in, suggestion out. Never decides, never waits, may say nothing."""
