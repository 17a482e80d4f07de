"""Arguments of other libraries: pandas objects and Dask collections given to any public array function.

The functions find these adapters by themselves and load them, with their library, at the first such argument. What
NumPy can convert needs no adapter: xarray DataArrays, Polars Series and Arrow arrays are read as arrays and give arrays
back, without their coordinates or names (Dask-backed DataArrays are computed on the way; use ``xarray.apply_ufunc`` with
``dask="allowed"`` to keep both).
"""
