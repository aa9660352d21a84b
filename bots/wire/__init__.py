"""What channels over HTTP share: asking a service, cutting texts to length, keeping what was posted."""
