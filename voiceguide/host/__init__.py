"""What the machine offers beside sound: systemd, a button and a light."""
