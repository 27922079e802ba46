"""The timeline: serves pages of ranked lists over HTTP, always, and takes the operator's commands."""
