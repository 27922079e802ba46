"""How jobs run: their names, schedules, progress, stages and ends."""
