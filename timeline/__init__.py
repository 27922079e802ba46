"""The timeline: always serves pages of ranked lists over HTTP, and takes the operator's commands."""
