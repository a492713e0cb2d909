"""Making models: training them, converting them to INT8, importing those of other systems."""
