"""Messages to send, written with the change they tell of and drained by a job."""
