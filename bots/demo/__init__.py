"""A small town on the own machine: invented mails go in, and the acknowledgements can be seen coming out."""
