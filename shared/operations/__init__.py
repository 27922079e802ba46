"""Operations that touch more than one store: what must not be shown, and which model is served."""
