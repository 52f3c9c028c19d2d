"""Ways to reach a customer. Each is opened for a number of messages and says what came of each."""
