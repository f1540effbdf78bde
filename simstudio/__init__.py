"""The Sim SDK for Python, native."""

__version__ = "0.1.1+native.1"
