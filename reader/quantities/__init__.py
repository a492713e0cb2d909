from .reading import Quantities, read_quantities

__all__ = ["Quantities", "read_quantities"]
