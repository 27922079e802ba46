"""`warmline capacity`: what an app of a given size will need."""
