"""Windows: the stretches of time over which a limit counts.

`TOTAL` never ends, `Every` repeats from the Unix epoch, `Calendar` follows the local clock of a time zone, `Sliding`
looks back. `parse_window` reads the short forms that people write: `"1h"`, `"month"`, `"day Europe/Berlin"`.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from bisect import bisect_left
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from math import floor, isfinite
from typing import Any, Literal, get_args

from llm_token_budget.errors import ConfigurationError, shown

__all__ = ["TOTAL", "Calendar", "CalendarUnit", "Every", "Sliding", "Total", "Window", "parse_seconds", "parse_window"]

CalendarUnit = Literal["hour", "day", "week", "month"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_YEAR_1, _YEAR_10000 = -62_135_596_800, 253_402_300_800
_LONGEST = 36_525 * 86_400
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class Window(ABC):
    """A stretch of time over which a limit counts. Hashable, and pickled as its `id`."""

    id: str = field(init=False, repr=False, compare=False)
    """What it is, with zone and anchor, the same in every process: `calendar:month:Europe/Berlin:15`."""
    label: str = field(init=False, repr=False, compare=False)
    """In words, as they follow an amount: `per calendar month (UTC)`."""

    @abstractmethod
    def bounds(self, now: float) -> tuple[int, int | None]:
        """Return the `[start, end)` that holds `now`, in whole seconds since the epoch; an end of None never comes.

        Raises:
            ConfigurationError: `now` is outside the years 1 to 9999, or so near their edge that the window isn't.

        """

    def _identify(self, identity: str, label: str) -> None:
        object.__setattr__(self, "id", identity)
        object.__setattr__(self, "label", label)

    def __reduce__(self) -> tuple[Any, ...]:
        return parse_window, (self.id,)


@dataclass(frozen=True, slots=True)
class Total(Window):
    """All time: the limit never resets by itself."""

    def __post_init__(self) -> None:
        self._identify("total", "in total")

    def bounds(self, now: float) -> tuple[int, None]:  # noqa: ARG002
        return 0, None


TOTAL = Total()


@dataclass(frozen=True, slots=True)
class Every(Window):
    """Every so many seconds, counted from the Unix epoch so that all processes agree.

    Args:
        seconds: whole, from 1 to 100 years. `Every(86_400)` starts at midnight UTC, `Every(604_800)` on Thursdays.

    """

    seconds: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "seconds", _in_range(_whole(self.seconds, "Every(seconds)"), "Every(seconds)"))
        self._identify(f"every:{self.seconds}", f"per {_in_words(self.seconds)}")

    def bounds(self, now: float) -> tuple[int, int]:
        start = _second_of(now) // self.seconds * self.seconds
        return start, start + self.seconds


@dataclass(frozen=True, slots=True)
class Sliding(Window):
    """The last so many seconds, at every instant; the ledger keeps them as 60 buckets.

    It has no bounds of its own: `bounds` answers `(0, None)`, and `seconds` is what the ledger looks back.
    """

    seconds: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "seconds", _in_range(_whole(self.seconds, "Sliding(seconds)"), "Sliding(seconds)"))
        self._identify(f"sliding:{self.seconds}", f"in any {_in_words(self.seconds)}")

    def bounds(self, now: float) -> tuple[int, None]:  # noqa: ARG002
        return 0, None


@dataclass(frozen=True, slots=True)
class Calendar(Window):
    """A calendar hour, day, week or month on the local clock of a time zone.

    Days, weeks and months begin at local midnight: at the first of two midnights where clocks go back over it, at the
    first instant of the day where they skip it. So a day lasts 23 to 25 hours, or whatever the zone made of it.
    Hours are wall-clock hours and never span a change of clocks: an hour that is repeated is two windows, and one that
    is cut (Lord Howe Island moves its clocks by 30 minutes) is shorter.

    Args:
        unit: `"hour"`, `"day"`, `"week"` or `"month"`.
        time_zone: a name of the IANA database; all but `"UTC"` need time zone data (the system's, or `tzdata`).
        reset_day: for months the day that starts them, 1 to 31 (a month without that day: its last one); for weeks
            the ISO weekday, 1 for Monday to 7 for Sunday.

    Raises:
        ConfigurationError: an unknown unit or zone, or a reset day that doesn't exist or doesn't apply.

    """

    unit: CalendarUnit
    time_zone: str = "UTC"
    reset_day: int = 1
    _zone: tzinfo = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.unit not in _UNITS:
            raise ConfigurationError(f"a calendar window is an 'hour', 'day', 'week' or 'month', not {self.unit!r:.80}")
        _check_reset_day(self.unit, self.reset_day)
        object.__setattr__(self, "_zone", _find_zone(self.time_zone))
        anchor = f":{self.reset_day}" if self.unit in _LAST_RESET_DAY else ""
        self._identify(f"calendar:{self.unit}:{self.time_zone}{anchor}", self._in_words())

    def bounds(self, now: float) -> tuple[int, int]:
        second = _second_of(now)
        try:
            return self._hour(second) if self.unit == "hour" else self._days(second)
        except (OverflowError, ValueError):  # datetime's own edges
            raise _outside_the_calendar() from None

    def _days(self, second: int) -> tuple[int, int]:
        first_day = self._first_day(self._local(second).date())
        following = self._following(first_day)
        start, end = self._midnight(first_day), self._midnight(following)
        while second >= end:  # Clocks went back from just after midnight: the next window had begun already.
            following = self._following(following)
            start, end = end, self._midnight(following)
        return start, end

    def _first_day(self, day: date) -> date:
        if self.unit == "day":
            return day
        if self.unit == "week":
            return day - timedelta(days=(day.isoweekday() - self.reset_day) % 7)
        this_month = self._in_month(day.year, day.month)
        if this_month <= day:
            return this_month
        return self._in_month(day.year, day.month - 1) if day.month > 1 else self._in_month(day.year - 1, 12)

    def _following(self, first_day: date) -> date:
        if self.unit == "month":
            year, month = first_day.year, first_day.month
            return self._in_month(year, month + 1) if month < 12 else self._in_month(year + 1, 1)
        return first_day + timedelta(days=7 if self.unit == "week" else 1)

    def _in_month(self, year: int, month: int) -> date:
        first = date(year, month, 1)
        if self.reset_day <= 28:
            return first.replace(day=self.reset_day)
        next_month = (
            (first + timedelta(days=31)).replace(day=1) if month < 12 else date(year, 12, 31) + timedelta(days=1)
        )
        return first.replace(day=min(self.reset_day, (next_month - timedelta(days=1)).day))

    def _midnight(self, day: date) -> int:
        midnight = datetime(day.year, day.month, day.day, tzinfo=self._zone)
        first = (midnight - _EPOCH) // _SECOND
        other = (midnight.replace(fold=1) - _EPOCH) // _SECOND
        if first <= other:
            return first
        # Clocks skip this midnight, somewhere between the two readings of it.
        return other + bisect_left(range(other, first), midnight.replace(tzinfo=None), key=self._wall_clock)

    def _hour(self, second: int) -> tuple[int, int]:
        offset = self._offset(second)
        start = (second + offset) // 3600 * 3600 - offset
        end = start + 3600
        if self._offset(start) != offset:
            start += bisect_left(range(start, second), x=True, key=lambda at: self._offset(at) == offset)
        if self._offset(end - 1) != offset:
            end = second + bisect_left(range(second, end), x=True, key=lambda at: self._offset(at) != offset)
        return start, end

    def _local(self, second: int) -> datetime:
        return (_EPOCH + timedelta(seconds=second)).astimezone(self._zone)

    def _wall_clock(self, second: int) -> datetime:
        return self._local(second).replace(tzinfo=None)

    def _offset(self, second: int) -> int:
        return (self._wall_clock(second) - _EPOCH.replace(tzinfo=None)) // _SECOND - second

    def _in_words(self) -> str:
        if self.reset_day == 1:
            return f"per calendar {self.unit} ({self.time_zone})"
        day = f"day {self.reset_day}" if self.unit == "month" else _WEEKDAYS[self.reset_day - 1]
        return f"per calendar {self.unit} ({self.time_zone}, from {day})"


def parse_window(value: object) -> Window:
    """Read a window the way people write it.

    * `"total"`; a `Window` is returned as it is, and every window's `id` is understood
    * `"hour"`, `"day"`, `"week"`, `"month"` by the calendar in UTC; `"day Europe/Berlin"`, `"month Europe/Berlin 15"`
    * `"30s"`, `"15m"`, `"1h"`, `"1d"`, `"2w"`, `timedelta(hours=1)`, or seconds: from the epoch on (`Every`)
    * `"sliding 1h"`

    Raises:
        ConfigurationError: anything else; the message names the nearest thing that would do.

    """
    if isinstance(value, Window):
        return value
    if isinstance(value, str):
        return _parse_text(value.strip())
    return Every(_parse_length(value, "window", _WINDOW_FORMS))


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
    return _parse_length(value, what, _LENGTH_FORMS)


_UNITS: tuple[str, ...] = get_args(CalendarUnit)
_LAST_RESET_DAY = {"week": 7, "month": 31}
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
_LENGTH_FORMS = "'30s', '15m', '1h', '1d', '2w', a timedelta, or whole seconds"
_WINDOW_FORMS = f"'total', 'hour', 'day', 'week', 'month', 'day Europe/Berlin', 'sliding 1h', {_LENGTH_FORMS}"
_MEANT = {
    "hourly": "hour", "daily": "day", "today": "day", "weekly": "week", "monthly": "month",
    "minute": "1m", "minutely": "1m", "second": "1s", "fortnight": "2w", "quarter": "90d",
    "year": "365d", "yearly": "365d", "annual": "365d", "annually": "365d",
    "all": "total", "ever": "total", "forever": "total", "never": "total", "none": "total", "lifetime": "total",
    "rolling": "sliding 1h", "moving": "sliding 1h",
}  # fmt: skip
_AS_LENGTH = {"hour": "1h", "day": "1d", "week": "1w", "month": "30d", "sliding 1h": "1h"}
_ID = re.compile(r"(every|sliding):([0-9]{1,20})")
_LENGTH = re.compile(r"([+-]?)([0-9]{1,20})(?:\.([0-9]{1,20}))? ?([A-Za-z]*)")
_NUMBER = re.compile(r"[0-9]{1,4}")


def _parse_text(text: str) -> Window:
    if found := _ID.fullmatch(text):
        # An identity, not an option that somebody typed: no second thoughts about milliseconds.
        return (Every if found[1] == "every" else Sliding)(int(found[2]))
    kind, *rest = re.split(r"[\s:]+", text)
    match kind.lower():
        case "total" if not rest:
            return TOTAL
        case "sliding" if rest:
            return Sliding(_parse_length(" ".join(rest), "a sliding window", _LENGTH_FORMS))
        case "every" if rest:
            return Every(_parse_length(" ".join(rest), "window", _WINDOW_FORMS))
        case "calendar" if rest:
            return _parse_calendar(rest, text)
        case unit if unit in _UNITS:
            return _parse_calendar([kind, *rest], text)
        case _:
            return Every(_parse_length(" ".join([kind, *rest]), "window", _WINDOW_FORMS))


def _parse_calendar(words: list[str], text: str) -> Calendar:
    unit, *rest = words
    days = [int(word) for word in rest if _NUMBER.fullmatch(word)]
    zones = [word for word in rest if not _NUMBER.fullmatch(word)]
    if len(days) > 1 or len(zones) > 1 or unit.lower() not in _UNITS:
        raise ConfigurationError(
            f"a calendar window is written like 'month', 'day Europe/Berlin' or 'month UTC 15', not {shown(text)}"
        )
    zone = zones[0] if zones else "UTC"
    # The unit was just found in _UNITS, which type checkers don't follow.
    return Calendar(unit.lower(), "UTC" if zone.lower() == "utc" else zone, days[0] if days else 1)  # type: ignore[arg-type]


def _parse_length(value: object, what: str, forms: str) -> int:
    if isinstance(value, timedelta):
        if value % _SECOND:
            raise _not_whole(what)
        return _in_range(value // _SECOND, what)
    if isinstance(value, str):
        return _in_range(_parse_length_text(value.strip(), what, forms), what)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ConfigurationError(f"{what} must be one of {forms}, not {value!r:.80}")
    return _in_range(_not_milliseconds(_whole(value, what), what), what)


def _parse_length_text(text: str, what: str, forms: str) -> int:
    found = _LENGTH.fullmatch(text)
    if found is None:
        raise ConfigurationError(f"{what} must be one of {forms}, not {shown(text)}{_suggestion(text, forms)}")
    sign, whole, fraction, unit = found[1], found[2], found[3] or "", found[4]
    if unit != "M":
        unit = unit.lower()
    if unit in _UNEVEN_DAYS:
        calendar = "'month' or " if unit[0] in "Mm" and int(whole) == 1 and forms == _WINDOW_FORMS else ""
        days = _UNEVEN_DAYS[unit] * (int(whole) or 1)
        raise ConfigurationError(f"{what}: {shown(text)} has no fixed length. Did you mean {calendar}'{days}d'?")
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


def _suggestion(text: str, forms: str) -> str:
    from difflib import get_close_matches

    names = [*_UNITS, "total", *_MEANT]
    for word in (text.lower(), *text.lower().split()[::-1]):
        for name in get_close_matches(word[:40], names, n=1):
            meant = _MEANT.get(name, name)
            if forms == _LENGTH_FORMS:
                meant = _AS_LENGTH.get(meant, meant)
            if meant != "total" or forms == _WINDOW_FORMS:
                return f". Did you mean '{meant}'?"
    return ""


def _suggested_unit(text: str, unit: str) -> str:
    from difflib import get_close_matches

    close = get_close_matches(unit[:40], _SECONDS, n=1)
    return f". Did you mean '{text[: -len(unit)]}{close[0]}'?" if close else ""


def _check_reset_day(unit: str, reset_day: object) -> None:
    last = _LAST_RESET_DAY.get(unit, 1)
    if type(reset_day) is int and 1 <= reset_day <= last:
        return
    if last == 1:
        raise ConfigurationError(f"a calendar {unit} has no reset_day: leave it out, or use 'week' or 'month'")
    meaning = "1 for Monday to 7 for Sunday" if unit == "week" else "the day of the month, 1 to 31"
    given = reset_day if type(reset_day) is not int or abs(reset_day) < 10**9 else "that"
    raise ConfigurationError(f"reset_day of a calendar {unit} is {meaning}, not {given!r:.80}")


def _find_zone(name: object) -> tzinfo:
    if not isinstance(name, str):
        raise ConfigurationError(f"time_zone must be a name such as 'Europe/Berlin', not {name!r:.80}")
    if name == "UTC":
        return UTC
    if name == "localtime":
        raise ConfigurationError(
            "time_zone 'localtime' differs between machines: name the zone, such as 'Europe/Berlin'"
        )
    from zoneinfo import ZoneInfo  # late: most budgets are in UTC, which needs no zone data

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise _unknown_zone(name) from None


def _unknown_zone(name: str) -> ConfigurationError:
    from difflib import get_close_matches
    from zoneinfo import available_timezones

    spelled = {zone.lower(): zone for zone in available_timezones()}
    if not spelled:
        return ConfigurationError(
            f"time zone {shown(name)}: this machine has no time zone data. Try: pip install tzdata"
        )
    close = get_close_matches(name[:80].lower(), spelled, n=1)
    suggestion = f" Did you mean '{spelled[close[0]]}'?" if close else " Names look like 'Europe/Berlin'."
    return ConfigurationError(
        f"unknown time zone {shown(name)}.{suggestion} "
        "(If it is a valid name, this machine's time zone data is incomplete: pip install tzdata.)"
    )


def _second_of(now: float) -> int:
    if not _YEAR_1 <= now < _YEAR_10000:  # NaN too
        raise _outside_the_calendar()
    return floor(now)


def _outside_the_calendar() -> ConfigurationError:
    return ConfigurationError("the time must be seconds since 1970, within the years 1 to 9999: is it in milliseconds?")


def _in_words(seconds: int) -> str:
    for name, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds % length == 0:
            return _counted(seconds // length, name)
    return _counted(seconds, "second")


def _counted(count: int, name: str) -> str:
    return f"{count:,} {name}{'' if count == 1 else 's'}"
