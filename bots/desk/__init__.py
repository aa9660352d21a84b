"""What happens to a message between being heard and being answered."""
