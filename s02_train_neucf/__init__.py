"""Phase 2, by night: examples, split, training, evaluation, and the verdict that lets a model go live."""
