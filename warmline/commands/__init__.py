"""One module or folder for each command of `warmline`; `command.py` is where a command begins."""
