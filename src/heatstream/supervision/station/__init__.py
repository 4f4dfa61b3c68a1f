"""Heat stations and meters: the passes over them, their spans, and what they told."""
