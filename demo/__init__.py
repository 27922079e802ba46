"""The one-command run: embedded servers, a world of real users, and the services as processes."""
