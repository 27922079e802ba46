"""Operations on more than one store: loading safety data into Redis, promoting a model."""
