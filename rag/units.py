"""The units that are read: of which kind, and what one is worth in the unit of its kind."""

from __future__ import annotations

from collections.abc import Mapping


def _table(*rows: tuple[str, float, str]) -> dict[str, tuple[str, float]]:
    """From names to a kind and what one is worth in its unit."""
    return {name: (kind, worth) for kind, worth, names in rows for name in names.split()}


MAGNITUDES: Mapping[str, float] = {
    name: worth
    for worth, names in (
        (1e3, "thousand thousands k mille milliers tausend tsd mil"),
        (1e6, "million millions mn mio m mln millionen millón millones"),
        (1e9, "billion billions bn b milliard milliards milliarden milliarde mrd md mds"),
        (1e12, "trillion trillions tn billionen"),
    )
    for name in names.split()
}
UNITS = _table(
    ("percent", 1, "% percent pct prozent"),
    ("points", 1, "points pp pts"),
    ("points", 0.01, "bps bp"),
    ("dollar", 1, "$ us$ usd dollar dollars"),
    ("euro", 1, "€ eur euro euros"),
    ("pound", 1, "£ gbp"),
    ("cents", 0.01, "cent cents centime centimes"),
    ("yen", 1, "¥ jpy yen"),
    ("pound", 0.01, "pence"),
    ("franc", 1, "chf francs"),
    ("crown", 1, "crown crowns couronne couronnes"),
    ("mass", 1e-6, "µg mcg ug microgram micrograms microgrammes"),
    ("mass", 1e-3, "mg milligram milligrams milligramme milligrammes"),
    ("mass", 1, "g gram grams gramme grammes gramm"),
    ("mass", 1e3, "kg kilo kilos kilogram kilograms kilogramme kilogrammes kilogramm"),
    ("mass", 1e6, "t tonne tonnes tonnen"),
    ("volume", 1, "ml millilitre millilitres milliliter milliliters"),
    ("volume", 10, "cl centilitres centilitre"),
    ("volume", 1e3, "l litre litres liter liters"),
    ("length", 1e-3, "mm millimetre millimetres millimeter millimeters millimètres millimètre"),
    ("length", 1e-2, "cm centimetre centimetres centimeter centimeters centimètres centimètre"),
    ("length", 1, "metre metres meter meters mètre mètres"),
    ("length", 1e3, "km kilometre kilometres kilometer kilometers kilomètres kilomètre"),
    ("length", 1609.344, "mile miles"),
    ("length", 0.3048, "foot feet"),
    ("length", 0.0254, "inch inches"),
    ("light-years", 1, "light-year light-years années-lumière"),
    ("light-years", 3.2616, "parsec parsecs"),
    ("mass", 453.592, "lb lbs"),
    ("mass", 28.3495, "oz ounce ounces"),
    ("speed", 1, "km/h kph"),
    ("speed", 1.609344, "mph"),
    ("density", 1, "g/dl"),
    ("density", 0.001, "mg/dl"),
    ("density", 0.1, "g/l"),
    ("density", 0.0001, "mg/l"),
    ("amount", 1, "mmol/l"),
    ("pressure of blood", 1, "mmhg"),
    ("bits a second", 1e3, "kbit/s kbps"),
    ("bits a second", 1e6, "mbit/s mbps"),
    ("bits a second", 1e9, "gbit/s gbps"),
    ("turns", 1, "rpm tr/min"),
    ("loudness", 1, "db"),
    ("area", 4046.86, "acre acres"),
    ("area", 1, "m² m2"),
    ("area", 1e4, "ha hectare hectares hektar"),
    ("area", 1e6, "km² km2"),
    ("time", 1e-3, "ms millisecond milliseconds millisecondes"),
    ("time", 1, "s sec second seconds seconde secondes sekunde sekunden"),
    ("time", 60, "min minute minutes minuten"),
    ("time", 3_600, "h hour hours heure heures stunde stunden hora horas"),
    ("time", 86_400, "day days jour jours tag tage tagen día días"),
    ("time", 604_800, "week weeks semaine semaines woche wochen semana semanas"),
    ("months", 1, "month months mois monat monate monaten mes meses"),
    ("months", 12, "year years an ans année années jahr jahre jahren año años"),
    ("months", 120, "decade decades décennie décennies"),
    ("months", 1200, "century centuries siècle siècles"),
    ("time", 1_209_600, "fortnight fortnights"),
    ("bytes", 1e3, "kb ko"),
    ("bytes", 1e6, "mb mo"),
    ("bytes", 1e9, "gb go gib gio"),
    ("bytes", 1e12, "tb to"),
    ("temperature", 1, "°c degrees degree degrés degré"),
    ("fahrenheit", 1, "°f"),
    ("power", 1e-3, "mw"),
    ("power", 1, "w watt watts"),
    ("power", 1e3, "kw"),
    ("apparent power", 1e3, "kva"),
    ("apparent power", 1, "va"),
    ("energy", 1, "wh"),
    ("energy", 1e3, "kwh"),
    ("volt", 1, "v volt volts"),
    ("pressure", 1, "bar bars"),
    ("hertz", 1, "hz"),
    ("hertz", 1e3, "khz"),
    ("hertz", 1e6, "mhz"),
    ("hertz", 1e9, "ghz"),
)
UNITS |= {"per cent": ("percent", 1), "pour cent": ("percent", 1)}
CENTS = "cents"
CURRENCIES = frozenset({"dollar", "euro", CENTS})
UNIT_NAMES = frozenset(UNITS) | frozenset(MAGNITUDES)
