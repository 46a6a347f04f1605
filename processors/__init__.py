"""What turns assertions into records: pure cores, the batch lane that runs them, and the worker that runs the lane."""
