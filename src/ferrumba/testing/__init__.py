"""The conformance suite, installed: for ``ferrumba verify`` and for anyone who writes a backend.

Run it on a plug-in with ``pytest --pyargs ferrumba.testing --ferrumba-backend=NAME``.
"""
