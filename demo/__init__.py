"""The demo in one command: embedded servers, a world of real users, and the services as processes."""
