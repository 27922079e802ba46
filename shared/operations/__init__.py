"""Operations on more than one store: withholding posts, and changing the served model."""
