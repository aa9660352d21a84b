"""What is run beside the service: the list of what it is made of, and what is known against that."""
