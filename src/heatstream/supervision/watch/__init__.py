"""What is watched over time: warnings, silence, scorecards."""
