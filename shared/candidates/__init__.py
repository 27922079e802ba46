"""The input of ranking: candidate posts, their events and the users, as columns that are loaded once per run."""
