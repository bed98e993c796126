"""Where parts are made: one file a way, one signature; joblib and Dask are imported by their own."""
