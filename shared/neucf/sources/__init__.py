"""Candidate sources: each scores the candidates for users in its own way; a final ranker joins what several say."""
