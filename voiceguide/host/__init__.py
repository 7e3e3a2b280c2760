"""What the machine offers besides sound: systemd, a button and a light."""
