"""Line drawings of every stroke: what a screen and a printed card show."""
