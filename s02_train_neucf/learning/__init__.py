"""From examples to a model: weights of events, batches, loss, epochs, and the search for how long."""
