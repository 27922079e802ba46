"""Simulated people over real photos and captions: a folder and a seed in, a world out whose truth is known.

What the people like must not be what the model sees, or the test would prove nothing but itself. So the truth knows
    - of the words: the *other* captions of a photo, the ones that no post shows, as counted words (`words`);
    - of the looks: colours, edges and where they lie, without any network (`appearance`);
    - of the people: hidden groups, each with authors whom it likes whatever they post (`truth`).
The model gets one caption and the photo through trained networks, and must find the way from there to the likes.
Only `folder` and `appearance` read files; all else is pure.
"""
