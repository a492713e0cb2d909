"""Units of measure, with months and weekdays: how they are spelt, and what each may mean.

One table for all. A spelling that is not here says nothing, and so contradicts nothing.
"""

_MONEY = {
    "euro": "€ eur euro euros",
    "dollar": "$ usd dollar dollars",
    "pound": "£ gbp pound pounds",
}
_PLAIN = _MONEY | {
    "percent": "% percent pct",
    "second": "second seconds sec",
    "minute": "minute minutes min",
    "hour": "hour hours",
    "day": "day days",
    "week": "week weeks",
    "month": "month months",
    "year": "year years annual",
}
_NAMED = (
    "january february march april may june july august september october november december "
    "monday tuesday wednesday thursday friday saturday sunday"
).split()
UNIT_OF = {word: unit for unit, words in _PLAIN.items() for word in words.split()}
"""Units that count wherever they stand, by their spellings."""

# Of these many are other words as well (bar, stone): they count right behind a number only. Bits
# and bytes are not told apart: Mb may be either. Nor are the tons of different countries.
_MEASURES = {
    "second": "s secs",
    "minute": "mins",
    "h": "h hr hrs",
    "millisecond": "ms msec millisecond milliseconds",
    "microsecond": "µs μs microsecond microseconds",
    "nanosecond": "ns nanosecond nanoseconds",
    "fortnight": "fortnight fortnights",
    "decade": "decade decades",
    "working day": "workday workdays weekday weekdays",
    "m": "m",
    "metre": "metre metres meter meters",
    "nanometre": "nm nanometre nanometres nanometer nanometers",
    "micrometre": "µm μm micron microns micrometre micrometres micrometer micrometers",
    "millimetre": "mm millimetre millimetres millimeter millimeters",
    "centimetre": "cm centimetre centimetres centimeter centimeters",
    "kilometre": "km kms kmh kph kilometre kilometres kilometer kilometers",
    "inch": "inch inches",
    "foot": "ft foot feet",
    "yard": "yd yds yard yards",
    "mile": "mi mph mile miles",
    "knot": "kn knot knots",
    "square metre": "m² sqm",
    "square kilometre": "km²",
    "square centimetre": "cm²",
    "square foot": "ft² sqft",
    "cubic metre": "m³ cbm",
    "hectare": "ha hectare hectares",
    "acre": "acre acres",
    "microgram": "µg μg mcg microgram micrograms",
    "milligram": "mg milligram milligrams milligramme milligrammes",
    "g": "g",
    "gram": "gram grams gramme grammes",
    "kilogram": "kg kgs kilo kilos kilogram kilograms kilogramme kilogrammes",
    "tonne": "t ton tons tonne tonnes",
    "lb": "lb lbs",
    "ounce": "oz ounce ounces",
    "stone": "stone stones",
    "millilitre": "ml cc cm³ millilitre millilitres milliliter milliliters",
    "centilitre": "cl centilitre centilitres centiliter centiliters",
    "litre": "l litre litres liter liters",
    "gallon": "gal gallon gallons",
    "pint": "pint pints",
    "c": "c",
    "celsius": "celsius centigrade",
    "fahrenheit": "f fahrenheit",
    "kelvin": "kelvin kelvins",
    "bit": "bit bits",
    "byte": "byte bytes",
    "kilobyte": "kb kib kbit kbps kilobit kilobits kilobyte kilobytes kibibyte kibibytes",
    "mb": "mb",
    "megabyte": "mib mbit mbps megabit megabits megabyte megabytes mebibyte mebibytes",
    "gigabyte": "gb gib gbit gbps gigabit gigabits gigabyte gigabytes gibibyte gibibytes",
    "terabyte": "tb tib tbit terabit terabits terabyte terabytes tebibyte tebibytes",
    "petabyte": "pb pib petabyte petabytes",
    "psi": "psi",
    "bar": "bar bars",
    "hectopascal": "hpa hectopascal hectopascals mbar millibar millibars",
    "pascal": "pascal pascals",
    "kilopascal": "kpa kilopascal kilopascals",
    "megapascal": "mpa megapascal megapascals",
    "atmosphere": "atm atmosphere atmospheres",
    "hertz": "hz hertz",
    "kilohertz": "khz kilohertz",
    "megahertz": "mhz megahertz",
    "gigahertz": "ghz gigahertz",
    "watt": "watt watts",
    "kilowatt": "kw kilowatt kilowatts",
    "megawatt": "mw megawatt megawatts",
    "gigawatt": "gw gigawatt gigawatts",
    "kilowatt-hour": "kwh",
    "megawatt-hour": "mwh",
    "volt": "volt volts",
    "ampere": "amp amps ampere amperes",
    "cent": "cent cents",
    "penny": "penny pence",
    "yen": "yen jpy",
    "franc": "chf franc francs",
    "rupee": "inr rupee rupees",
}
_MEASURE_OF = UNIT_OF | {word: unit for unit, words in _MEASURES.items() for word in words.split()}

# What else stands in one way only, and is no time written with a point before it, as 9.30 h is.
COUNTED = frozenset(_MEASURE_OF) - {"h", "hr", "hrs"}
"""Spellings before which 3,5 is one number, and 9.30 no time."""

UNIT_OF |= {word: word for word in _NAMED} | {word[:3]: word for word in _NAMED}
UNIT_OF |= {"sept": "september", "am": "am", "a.m": "am", "pm": "pm", "p.m": "pm"}
_MEASURE_OF |= {word: unit for word, unit in UNIT_OF.items() if unit in ("am", "pm")}
MONEY_SIGNS = {sign: unit for sign, unit in UNIT_OF.items() if sign in "€ $ £ eur usd gbp".split()}
"""What stands before its number as well: $5, EUR 5."""

MONEY_WORDS = frozenset(word for words in _MONEY.values() for word in words.split())
MONTHS_AND_WEEKDAYS = frozenset(word for word, unit in UNIT_OF.items() if unit in _NAMED)

_QUALIFIED = {
    "working": "working", "business": "working", "work": "working",
    "calendar": "calendar",
    "square": "square", "sq": "square", "cubic": "cubic",
}  # fmt: skip
_MEANINGS = {
    "c": frozenset(("celsius", "cent")),
    "g": frozenset(("gram", "gigabyte")),
    "h": frozenset(("hour", "am", "pm")),
    "m": frozenset(("metre", "minute", "month")),
    "mb": frozenset(("megabyte", "hectopascal")),
    "cubic centimetre": frozenset(("millilitre",)),
    "pound": frozenset(("pound", "lb")),
    "day": frozenset(("working day", "calendar day")),
}
MOST_WORDS = 3
"""Of a unit: degrees Celsius, square metres, working days."""


def meanings(unit: str) -> frozenset[str]:
    """Return what a unit can be: five pounds are money or a weight, 9 h a time or a duration."""
    return _MEANINGS.get(unit, frozenset((unit,)))


def unit_behind_number(words: tuple[str, ...]) -> tuple[str | None, int]:
    """Return the unit that a number has, None if none is known, and how many words it takes.

    Args:
        words: at most ``MOST_WORDS`` that stand right behind the number.
    """
    if not words:
        return None, 0
    first, rest = words[0], words[1:]
    if first in ("m", "mn", "bn") and rest and rest[0] in MONEY_WORDS:
        return _MEASURE_OF[rest[0]], 2  # millions
    if first in ("degree", "degrees"):
        unit, n = unit_behind_number(rest[:1])
        return (unit, n + 1) if unit in ("c", "celsius", "fahrenheit", "kelvin") else (None, 0)
    if first not in _QUALIFIED:
        return _MEASURE_OF.get(first), 1
    unit, n = unit_behind_number(rest[:1])
    kind = _QUALIFIED[first]
    if unit is None or (kind in ("working", "calendar") and unit != "day"):
        return unit, n + 1
    return f"{kind} {'metre' if unit == 'm' else unit}", n + 1
