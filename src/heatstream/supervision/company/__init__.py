"""Companies: their files, fuel, declarations, orders, publications."""
