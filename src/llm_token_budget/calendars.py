"""Calendar arithmetic: where the hour, day, week or month around an instant begins and ends in a time zone.

Instants are whole seconds since the Unix epoch. Only what a `tzinfo` says of the wall clock is used, so zones that skip
or repeat hours, midnights or whole dates need no case of their own.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Literal

from llm_token_budget.errors import ConfigurationError, shown

__all__ = ["CalendarUnit", "calendar_bounds", "check_reset_day", "find_zone"]

CalendarUnit = Literal["hour", "day", "week", "month"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WALL_CLOCK_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001
_SECOND = timedelta(seconds=1)
_LAST_RESET_DAY = {"week": 7, "month": 31}


def calendar_bounds(unit: CalendarUnit, zone: tzinfo, reset_day: int, second: int) -> tuple[int, int]:
    """Return the `[start, end)` of the unit that holds `second`.

    Raises:
        OverflowError, ValueError: it reaches beyond the years 1 to 9999.

    """
    if unit == "hour":
        return _hour(zone, second)
    first_day = _first_day(unit, reset_day, _local(zone, second).date())
    following = _following(unit, reset_day, first_day)
    start, end = _midnight(zone, first_day), _midnight(zone, following)
    while second >= end:  # Clocks went back from just after midnight: the next window had begun already.
        following = _following(unit, reset_day, following)
        start, end = end, _midnight(zone, following)
    return start, end


def _first_day(unit: CalendarUnit, reset_day: int, day: date) -> date:
    if unit == "day":
        return day
    if unit == "week":
        return day - timedelta(days=(day.isoweekday() - reset_day) % 7)
    this_month = _in_month(day.year, day.month, reset_day)
    if this_month <= day:
        return this_month
    return _in_month(day.year, day.month - 1, reset_day) if day.month > 1 else _in_month(day.year - 1, 12, reset_day)


def _following(unit: CalendarUnit, reset_day: int, first_day: date) -> date:
    if unit == "month":
        year, month = first_day.year, first_day.month
        return _in_month(year, month + 1, reset_day) if month < 12 else _in_month(year + 1, 1, reset_day)
    return first_day + timedelta(days=7 if unit == "week" else 1)


def _in_month(year: int, month: int, reset_day: int) -> date:
    first = date(year, month, 1)
    if reset_day <= 28:
        return first.replace(day=reset_day)
    next_month = (first + timedelta(days=31)).replace(day=1) if month < 12 else date(year, 12, 31) + timedelta(days=1)
    return first.replace(day=min(reset_day, (next_month - timedelta(days=1)).day))


def _midnight(zone: tzinfo, day: date) -> int:
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    first = (midnight - _EPOCH) // _SECOND
    other = (midnight.replace(fold=1) - _EPOCH) // _SECOND
    if first <= other:
        return first
    # Clocks skip this midnight, somewhere between the two readings of it.
    wall_clock = midnight.replace(tzinfo=None)
    return other + bisect_left(range(other, first), wall_clock, key=lambda at: _wall_clock(zone, at))


def _hour(zone: tzinfo, second: int) -> tuple[int, int]:
    offset = _offset(zone, second)
    start = (second + offset) // 3600 * 3600 - offset
    end = start + 3600
    if _offset(zone, start) != offset:
        start += bisect_left(range(start, second), x=True, key=lambda at: _offset(zone, at) == offset)
    if _offset(zone, end - 1) != offset:
        end = second + bisect_left(range(second, end), x=True, key=lambda at: _offset(zone, at) != offset)
    return start, end


def _local(zone: tzinfo, second: int) -> datetime:
    return (_EPOCH + timedelta(seconds=second)).astimezone(zone)


def _wall_clock(zone: tzinfo, second: int) -> datetime:
    return _local(zone, second).replace(tzinfo=None)


def _offset(zone: tzinfo, second: int) -> int:
    return (_wall_clock(zone, second) - _WALL_CLOCK_EPOCH) // _SECOND - second


def check_reset_day(unit: CalendarUnit, reset_day: object) -> None:
    """Check that windows of this unit can start on that day.

    Raises:
        ConfigurationError: the day doesn't exist, or the unit has none but 1.

    """
    last = _LAST_RESET_DAY.get(unit, 1)
    if type(reset_day) is int and 1 <= reset_day <= last:
        return
    if last == 1:
        raise ConfigurationError(f"a calendar {unit} has no reset_day: leave it out, or use 'week' or 'month'")
    meaning = "1 for Monday to 7 for Sunday" if unit == "week" else "the day of the month, 1 to 31"
    given = reset_day if type(reset_day) is not int or abs(reset_day) < 10**9 else "that"
    raise ConfigurationError(f"reset_day of a calendar {unit} is {meaning}, not {given!r:.80}")


def find_zone(name: object) -> tzinfo:
    """Find a time zone by its name in the IANA database.

    Raises:
        ConfigurationError: there is none, or this machine doesn't know it.

    """
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
