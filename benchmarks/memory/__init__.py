"""What Redis holds for many users, before and after many publications and chains."""
