"""What a user of each peer would write to fit a table from a file; W9 times the processes."""
