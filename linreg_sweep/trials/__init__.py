"""What a sweep trains: values of trials by number, met with the data; what theory says of each."""
