"""One module or folder for each command of `warmline`; a folder's entry point is `command.py`."""
