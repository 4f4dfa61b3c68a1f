"""The way of a claim: what persons record, what it comes to, and the papers that go with it."""
