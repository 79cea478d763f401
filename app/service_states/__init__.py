"""What servers outside shall be like: the wanted and the confirmed state of each thing."""
