"""The papers that a heating office prints, has signed, serves and files: docs/documents.md."""
