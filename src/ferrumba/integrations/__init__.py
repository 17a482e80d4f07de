"""Arguments of other libraries: pandas objects and Dask collections given to any public array function.

The functions find these adapters by themselves and load them, with their library, at the first such argument. What
NumPy can convert needs no adapter: xarray DataArrays, Polars Series and Arrow arrays are read as arrays and give arrays
back, without their coordinates or names, and DataArrays on Dask are computed on the way; ``xarray.apply_ufunc`` with
``dask="allowed"`` keeps coordinates and laziness.
"""
