"""What each library's documentation tells a user to do with a table; W11 runs them against time."""
