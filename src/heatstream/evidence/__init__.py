"""What proves a finding: Merkle roots, frozen readings, bundles, and the literal twin that verifies them alone."""
