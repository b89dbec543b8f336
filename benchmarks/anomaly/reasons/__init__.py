"""Which way to tell reasons finds injected causes."""
