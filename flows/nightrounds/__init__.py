"""nightrounds: a nightly medication-safety audit. load -> gate -> build -> apply -> publish -> render."""

__version__ = "0.1.0"
