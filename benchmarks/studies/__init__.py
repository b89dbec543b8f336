"""Claims of introductions to normalizing flows, measured: figures and tables, a command each."""
