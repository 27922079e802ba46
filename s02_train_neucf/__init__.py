"""Phase 2, at night: trains a model, evaluates it, and promotes it if it passes the gate."""
