"""One interface over models: teacher, student or suspect."""
