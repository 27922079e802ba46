"""How well `warmline capacity` predicts bytes: for the current world, and for larger ones."""
