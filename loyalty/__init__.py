"""The project's namespace: settings, wiring and the sub-apps that make the programme."""
