"""What commands say to a person, as lines of text: nothing here prints or trains."""
