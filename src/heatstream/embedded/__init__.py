"""The PostgreSQL and the broker that `demo` and the tests start, and the demo itself."""
