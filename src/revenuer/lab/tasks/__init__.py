"""What is asked of teacher and student, a file a task."""
