"""Simulates people over real photos and captions: from a folder and a seed to a world whose truth is known.

The people's taste must not depend on the model's own inputs, or the test would prove nothing. So it depends on
    - words: the *other* captions of a photo, which no post shows, as word counts (`words`);
    - appearance: colours, edges and their positions, computed without a neural network (`appearance`);
    - people: hidden groups, each with authors that it likes whatever they post (`truth`).
The model gets one caption and the photo through trained networks, and must learn the relation to the likes.
Only `folder` and `appearance` read files; everything else is pure.
"""
