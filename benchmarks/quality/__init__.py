"""How well each system ranks, on data that others published figures for and on any data of the same format."""
