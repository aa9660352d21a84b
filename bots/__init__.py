"""Everything that speaks: channels, desk, web pages and the command line."""
