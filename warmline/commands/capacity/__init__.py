"""`warmline capacity`: what a world of some size will need."""
