"""Whether the gate can be fooled: decisions about rankers whose true difference is known."""
