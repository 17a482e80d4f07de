"""Every exception Ferrumba raises of its own; each is also the built-in a caller would catch."""


class BackendError(RuntimeError):
    """A backend could not serve a request; the base of the three classes that say why."""


class BackendUnavailable(BackendError, ImportError):
    """The backend is not installed, was switched off, or failed while it was loaded (see ``__cause__``)."""


class BackendIncompatible(BackendError, ImportError):
    """The backend was found but speaks another protocol or lacks a required attribute."""


class KernelUnavailable(BackendError, NotImplementedError):
    """The backend is sound, but has no implementation of this kernel at the declared revision."""


class InvalidBackendRequest(ValueError):
    """An environment value, pattern or argument that selects a backend or a thread count cannot be understood."""
