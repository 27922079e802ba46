"""The timeline's border with HTTP."""
