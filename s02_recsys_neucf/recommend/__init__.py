"""Recommendations for people without an account: an index of the candidates, how it is ranked, and who answers."""
