"""Who may see and do what: principals, sign-in, the rows that a role sees, limits, the log of access."""
