"""
The catalogue as a TOML document: read, compared by key, written back.

Money is in the shop's minor unit, points are whole. An unknown key is refused with its line. What
the document no longer has is retired and never deleted: its redemptions stay.
"""

from rewards.catalogue.loading import Loaded, load
from rewards.catalogue.reading import InvalidCatalogue, parse
from rewards.catalogue.writing import dump

__all__ = ["InvalidCatalogue", "Loaded", "dump", "load", "parse"]
