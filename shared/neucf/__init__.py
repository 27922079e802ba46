"""The model of phase 2 and its file: config, layers, vocabulary, post features, block scoring, artefact."""
