"""One file a schedule: what can be declared for it, and its factor on the learning rate in each epoch."""
