"""The timeline's border with HTTP: routes, who may ask, what is refused, and what answers look like."""
