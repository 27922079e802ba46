"""In which order the posts of a list may follow each other: one policy for who serves lists and who judges them."""
