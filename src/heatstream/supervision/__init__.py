"""Heat sources and companies under supervision: what is seen, what persons record of it, what follows."""
