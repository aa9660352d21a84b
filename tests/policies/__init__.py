"""The promises of the policies, row by row (docs/policies). A test's name begins with the row it holds."""
