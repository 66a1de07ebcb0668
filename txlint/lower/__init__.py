"""Source to facts: ``lower_source`` reads one file's bytes, ``encode``/``decode`` carry facts between processes and into the cache.

This layer knows no library by name, and what it returns depends on nothing but the bytes and the name given to them."""

from txlint.lower.codec import bound_to, decode, encode
from txlint.lower.source import TOO_DEEP, lower_expression, lower_source

__all__ = ["TOO_DEEP", "bound_to", "decode", "encode", "lower_expression", "lower_source"]
