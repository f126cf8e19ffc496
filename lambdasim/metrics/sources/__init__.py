"""What is measured of event sources, from the deliveries of their events and the samples they take of themselves."""
