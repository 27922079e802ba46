"""The timeline over HTTP: server, routes, authorization, limits, and the form of answers."""
