"""What the API and the page read: queries only, the same for both.

Rows come back named as the tables name their columns. A listing takes `after`, the key of the last row its caller saw,
and `limit`; its order is by a key that no later write moves, so a row that stood when the listing began is met once.
"""
