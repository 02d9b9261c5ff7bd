"""The search panel as a widget, and the messages between the page and the kernel."""
