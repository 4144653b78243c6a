"""A small model taught by a large one: task, teacher, harvest, student, fidelity, account."""
