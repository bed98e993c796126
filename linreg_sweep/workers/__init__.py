"""Where parts are made: one file a way, one signature; joblib, Dask and Ray are imported by their own."""
