"""`warmline inspect`: why a user sees what they see."""
