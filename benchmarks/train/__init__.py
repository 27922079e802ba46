"""How fast NeuMF of the paper is trained, beside a plain loop and RecBole, and how good each is afterwards."""
