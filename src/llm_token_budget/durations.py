"""Lengths of time: read the way people write them, checked, and said in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from math import isfinite

from llm_token_budget.errors import ConfigurationError, shown

__all__ = ["LENGTH_FORMS", "MEANT_LENGTHS", "in_words", "parse_length", "parse_seconds", "roughly", "whole_seconds"]

LENGTH_FORMS = "'30s', '15m', '1h', '1d', '2w', a timedelta, or whole seconds"
MEANT_LENGTHS = {
    **dict.fromkeys(("hour", "hourly", "rolling", "moving"), "1h"),
    **dict.fromkeys(("day", "daily", "today"), "1d"),
    **dict.fromkeys(("week", "weekly"), "1w"),
    **dict.fromkeys(("month", "monthly"), "30d"),
    **dict.fromkeys(("year", "yearly", "annual", "annually"), "365d"),
    **dict.fromkeys(("minute", "minutely"), "1m"),
    "second": "1s", "fortnight": "2w", "quarter": "90d",
    **dict.fromkeys(("total", "all", "ever", "forever", "never", "none", "lifetime"), ""),
}  # fmt: skip
"""Words that are no length, and the length that was meant; an empty one says that none would do."""

_LONGEST = 36_525 * 86_400
_SECOND = timedelta(seconds=1)
_LENGTH = r"([+-]?)([0-9]{1,20})(?:\.([0-9]{1,20}))? ?([A-Za-z]*)"
_SECONDS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3_600),
    **dict.fromkeys(("d", "day", "days"), 86_400),
    **dict.fromkeys(("w", "wk", "wks", "week", "weeks"), 604_800),
}
_UNEVEN_DAYS = {
    **dict.fromkeys(("M", "mo", "mos", "mon", "month", "months"), 30),
    **dict.fromkeys(("y", "yr", "yrs", "year", "years"), 365),
}


def parse_seconds(value: object, what: str) -> int:
    """Read a length of time: `"30s"`, `"15m"`, `"1h"`, `"1d"`, `"2w"`, a timedelta, or seconds as a number.

    Args:
        value: what the user gave.
        what: the option's name, for the error.

    Returns:
        Whole seconds, from 1 to 100 years.

    Raises:
        ConfigurationError: anything else, and numbers that look like milliseconds.

    """
    return parse_length(value, what, LENGTH_FORMS, MEANT_LENGTHS)


def parse_length(value: object, what: str, forms: str, meant: Mapping[str, str]) -> int:
    """Do as `parse_seconds`, where other things than lengths would do as well.

    Args:
        value: what the user gave.
        what: the option's name, for the error.
        forms: all that would do, for the error.
        meant: words that the user may have had in mind, and what to write instead.

    """
    if isinstance(value, timedelta):
        if value % _SECOND:
            raise _not_whole(what)
        return _in_range(value // _SECOND, what)
    if isinstance(value, str):
        return _in_range(_parse_text(value.strip(), what, forms, meant), what)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ConfigurationError(f"{what} must be one of {forms}, not {value!r:.80}")
    return _in_range(_not_milliseconds(_whole(value, what), what), what)


def whole_seconds(number: float, what: str) -> int:
    """Check a number of seconds that code gave: whole, from 1 to 100 years, and taken at its word.

    Raises:
        ConfigurationError: it isn't.

    """
    return _in_range(_whole(number, what), what)


def in_words(seconds: int) -> str:
    """Say a length in the largest unit that fits it: `90 minutes`."""
    for name, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds % length == 0:
            return _counted(seconds // length, name)
    return _counted(seconds, "second")


def _counted(count: int, name: str) -> str:
    return f"{count:,} {name}{'' if count == 1 else 's'}"


def _parse_text(text: str, what: str, forms: str, meant: Mapping[str, str]) -> int:
    # Not compiled beforehand: most processes read a few texts at most, and `re` remembers the pattern.
    found = re.fullmatch(_LENGTH, text)
    if found is None:
        raise ConfigurationError(f"{what} must be one of {forms}, not {shown(text)}{_suggestion(text, meant)}")
    sign, whole, fraction, unit = found[1], found[2], found[3] or "", found[4]
    if unit != "M":
        unit = unit.lower()
    if unit in _UNEVEN_DAYS:
        raise _uneven(text, what, int(whole), unit, meant)
    if unit == "ms":
        raise ConfigurationError(
            f"{what} is in whole seconds, not {shown(text)}. Did you mean '{int(whole) // 1000 or 1}s'?"
        )
    if unit and unit not in _SECONDS:
        raise ConfigurationError(f"{what} must be one of {forms}, not {shown(text)}{_suggested_unit(text, unit)}")
    seconds, rest = divmod(int(f"{sign}{whole}{fraction}") * _SECONDS.get(unit, 1), 10 ** len(fraction))
    if rest:
        raise _not_whole(what)
    return seconds if unit else _not_milliseconds(seconds, what)


def roughly(seconds: int) -> str:
    """A length in its two largest units: `2d 3h`."""
    left, parts = seconds, list[str]()
    for unit, length in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        many, left = divmod(left, length)
        if many or parts or unit == "s":
            parts.append(f"{many}{unit}")
        if len(parts) == 2:
            break
    return " ".join(parts)


def _uneven(text: str, what: str, count: int, unit: str, meant: Mapping[str, str]) -> ConfigurationError:
    days = f"{_UNEVEN_DAYS[unit] * (count or 1)}d"
    one_month = count == 1 and unit[0] in "Mm"
    # The same twice where only lengths would do.
    ways = dict.fromkeys([meant["month"], days] if one_month else [days])
    either = " or ".join(f"'{way}'" for way in ways)
    return ConfigurationError(f"{what}: {shown(text)} has no fixed length. Did you mean {either}?")


def _whole(number: float, what: str) -> int:
    # Callers without a type checker pass anything.
    if isinstance(number, bool) or not isinstance(number, int | float):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigurationError(f"{what} must be a whole number of seconds, not {number!r:.80}")
    if isinstance(number, float) and not isfinite(number):
        raise ConfigurationError(f"{what} must be finite, not {number!r}")
    if number != int(number):
        raise _not_whole(what)
    return int(number)


def _in_range(seconds: int, what: str) -> int:
    if seconds < 1:
        raise ConfigurationError(f"{what} must be at least 1 second")
    if seconds > _LONGEST:
        raise ConfigurationError(f"{what} must be at most 100 years ({_LONGEST:,} seconds)")
    return seconds


def _not_milliseconds(seconds: int, what: str) -> int:
    """Refuse a bare number that makes whole hours as milliseconds, or is long and round without being whole days."""
    long_and_round = seconds >= 86_400_000 and seconds % 1000 == 0 and seconds % 86_400 != 0
    if 0 < seconds <= _LONGEST * 1000 and (seconds % 3_600_000 == 0 or long_and_round):
        insist = f" (If you do mean {seconds:,} seconds, write '{seconds}s'.)" if seconds <= _LONGEST else ""
        raise ConfigurationError(
            f"{what}: the npm option is in milliseconds, this one in seconds: {seconds // 1000}?{insist}"
        )
    return seconds


def _not_whole(what: str) -> ConfigurationError:
    return ConfigurationError(f"{what} must be a whole number of seconds, without a fraction")


def _suggestion(text: str, meant: Mapping[str, str]) -> str:
    from difflib import get_close_matches

    for word in (text.lower(), *text.lower().split()[::-1]):
        for name in get_close_matches(word[:40], meant, n=1):
            if meant[name]:
                return f". Did you mean '{meant[name]}'?"
    return ""


def _suggested_unit(text: str, unit: str) -> str:
    from difflib import get_close_matches

    close = get_close_matches(unit[:40], _SECONDS, n=1)
    return f". Did you mean '{text[: -len(unit)]}{close[0]}'?" if close else ""
