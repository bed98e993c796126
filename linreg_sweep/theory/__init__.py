"""The mathematics of the data and the loss, and the words for what a descent may come to."""
