"""How fast lists are scored, beside the plain ways, other libraries, and what the processor allows."""
