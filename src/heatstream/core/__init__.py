"""What the law says about numbers: arrays in, arrays out; no clock, no log, no file, no socket, no database."""
