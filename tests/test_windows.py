from __future__ import annotations

import copy
import math
import pickle
import subprocess
import sys
import zoneinfo
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_token_budget.errors import ConfigurationError
from llm_token_budget.windows import TOTAL, Calendar, Every, Sliding, Total, Window, parse_window

HOUR, DAY = 3_600, 86_400
ZONES = sorted(zoneinfo.available_timezones() - {"localtime"})
WINDOWS = [
    TOTAL,
    Every(1),
    Every(90),
    Every(86_400_000),
    Sliding(60),
    Sliding(86_400_000),
    Calendar("hour"),
    Calendar("hour", "Asia/Kathmandu"),
    Calendar("day"),
    Calendar("day", "America/Argentina/Buenos_Aires"),
    Calendar("week", "Etc/GMT+12", 7),
    Calendar("month"),
    Calendar("month", "Europe/Berlin", 15),
]


def at(text: str) -> int:
    """Seconds since the epoch of an ISO instant that names its offset."""
    return int(datetime.fromisoformat(text).timestamp())


def in_utc(bounds: tuple[int, int | None]) -> list[str]:
    return [f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%MZ}" for second in bounds if second is not None]


@cache
def zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def local(second: int, name: str) -> datetime:
    return datetime.fromtimestamp(second, zone(name))


instants = st.floats(at("1970-01-01T00:00Z"), at("2100-01-01T00:00Z")) | st.integers(0, at("2100-01-01T00:00Z"))
calendars = st.one_of(
    st.builds(Calendar, st.sampled_from(["hour", "day"]), st.sampled_from(ZONES)),
    st.builds(Calendar, st.just("week"), st.sampled_from(ZONES), st.integers(1, 7)),
    st.builds(Calendar, st.just("month"), st.sampled_from(ZONES), st.integers(1, 31)),
)
repeating = calendars | st.builds(Every, st.integers(1, 36_525 * DAY))


@settings(deadline=None)
@given(repeating, instants)
def test_windows_follow_each_other_without_gap_or_overlap(window: Window, now: float) -> None:
    """Every instant lies in exactly one window, and all instants of a window agree on its bounds."""
    start, end = window.bounds(now)
    assert end is not None
    assert start <= now < end
    assert window.bounds(start) == window.bounds(end - 1) == window.bounds((start + end) // 2) == (start, end)
    assert window.bounds(end)[0] == end
    assert window.bounds(start - 1)[1] == start


@settings(deadline=None)
@given(st.sampled_from(ZONES), instants, st.floats(0, 1, exclude_max=True))
def test_a_day_is_one_local_date(name: str, now: float, share: float) -> None:
    """All instants of a day window have its local date, but for minutes repeated as clocks go back over midnight."""
    start, end = Calendar("day", name).bounds(now)
    today = local(start, name).date()
    other = local(start + math.floor((end - start) * share), name)
    assert other.date() == today or (other.fold == 1 and other.date() == today - timedelta(days=1))
    before, after = local(start - 1, name), local(end, name)
    assert before.date() < today < after.date() or before.fold == after.fold == 1


@settings(deadline=None)
@given(st.sampled_from(ZONES), instants, st.floats(0, 1, exclude_max=True))
def test_an_hour_is_one_wall_clock_hour(name: str, now: float, share: float) -> None:
    """All instants of an hour window read the same hour at the same offset, and there are at most 3,600."""
    start, end = Calendar("hour", name).bounds(now)
    here, there = local(start, name), local(start + math.floor((end - start) * share), name)
    assert (here.date(), here.hour, here.utcoffset()) == (there.date(), there.hour, there.utcoffset())
    assert end - start <= HOUR


@settings(deadline=None)
@given(instants, st.sampled_from(ZONES), st.integers(1, 7))
def test_a_week_starts_on_its_reset_day(now: float, name: str, reset_day: int) -> None:
    """A week window is seven local days, the first of which is the weekday asked for."""
    start, end = Calendar("week", name, reset_day).bounds(now)
    # A zone that skipped a whole date (Apia, 2011-12-30) starts the week of that date on the next one.
    skipped = local(start, name).date() - local(start - 1, name).date() > timedelta(days=1)
    assert local(start, name).isoweekday() == reset_day or skipped
    assert abs(end - start - 7 * DAY) <= DAY


@settings(deadline=None)
@given(instants, st.integers(1, 31))
def test_a_month_starts_on_its_reset_day_or_the_last_day(now: float, reset_day: int) -> None:
    """A month window starts on the reset day, or on the last day of a month that doesn't have it."""
    for second in Calendar("month", "UTC", reset_day).bounds(now):
        start = datetime.fromtimestamp(second, UTC)
        last_of_month = (start + timedelta(days=1)).month != start.month
        assert start.day == reset_day or (start.day < reset_day and last_of_month)
        assert second % DAY == 0


@settings(deadline=None)
@given(st.sampled_from(["hour", "day", "week"]), instants)
def test_utc_hours_days_and_weeks_are_plain_arithmetic(unit: str, now: float) -> None:
    """In UTC the clock never changes, so the bounds can be computed by division (epoch day 4 was a Monday)."""
    length = {"hour": HOUR, "day": DAY, "week": 7 * DAY}[unit]
    anchor = 4 * DAY if unit == "week" else 0
    start = (math.floor(now) - anchor) // length * length + anchor
    assert parse_window(unit).bounds(now) == (start, start + length)


@pytest.mark.parametrize(
    ("window", "now", "expected"),
    [
        pytest.param(
            Calendar("day", "Europe/Berlin"), "2026-03-29T12:00+02:00", ["2026-03-28T23:00Z", "2026-03-29T22:00Z"],
            id="23 hours as clocks go forward",
        ),
        pytest.param(
            Calendar("day", "Europe/Berlin"), "2026-10-25T12:00+01:00", ["2026-10-24T22:00Z", "2026-10-25T23:00Z"],
            id="25 hours as clocks go back",
        ),
        pytest.param(
            Calendar("day", "America/Sao_Paulo"), "2018-11-04T12:00-02:00", ["2018-11-04T03:00Z", "2018-11-05T02:00Z"],
            id="Sao Paulo skips midnight",
        ),
        pytest.param(
            Calendar("day", "America/Sao_Paulo"), "2018-02-17T23:30-03:00", ["2018-02-17T02:00Z", "2018-02-18T03:00Z"],
            id="Sao Paulo goes back at midnight: the repeated 23:00 belongs to the old day",
        ),
        pytest.param(
            Calendar("day", "Asia/Beirut"), "2022-03-27T12:00+03:00", ["2022-03-26T22:00Z", "2022-03-27T21:00Z"],
            id="Beirut skips midnight",
        ),
        pytest.param(
            Calendar("day", "Africa/Cairo"), "2024-04-26T12:00+03:00", ["2024-04-25T22:00Z", "2024-04-26T21:00Z"],
            id="Cairo skips midnight",
        ),
        pytest.param(
            Calendar("day", "America/Havana"), "2023-11-05T00:30-05:00", ["2023-11-05T04:00Z", "2023-11-06T05:00Z"],
            id="Havana has two midnights: the first counts",
        ),
        pytest.param(
            Calendar("day", "America/St_Johns"), "2006-10-28T23:30-03:30", ["2006-10-29T02:30Z", "2006-10-30T03:30Z"],
            id="St John's went back at 00:01: the new day had begun",
        ),
        pytest.param(
            Calendar("day", "America/Toronto"), "1919-03-31T12:00-04:00", ["1919-03-31T04:30Z", "1919-04-01T04:00Z"],
            id="Toronto skipped 23:30 to 00:30",
        ),
        pytest.param(
            Calendar("day", "Pacific/Apia"), "2011-12-29T12:00-10:00", ["2011-12-29T10:00Z", "2011-12-30T10:00Z"],
            id="Apia before the skipped date",
        ),
        pytest.param(
            Calendar("day", "Pacific/Apia"), "2011-12-31T12:00+14:00", ["2011-12-30T10:00Z", "2011-12-31T10:00Z"],
            id="Apia after the skipped date",
        ),
        pytest.param(
            Calendar("hour", "Europe/Berlin"), "2026-10-25T02:30+02:00", ["2026-10-25T00:00Z", "2026-10-25T01:00Z"],
            id="the first of two hours",
        ),
        pytest.param(
            Calendar("hour", "Europe/Berlin"), "2026-10-25T02:30+01:00", ["2026-10-25T01:00Z", "2026-10-25T02:00Z"],
            id="the second of two hours",
        ),
        pytest.param(
            Calendar("hour", "Asia/Kathmandu"), "2026-05-05T12:59+05:45", ["2026-05-05T06:15Z", "2026-05-05T07:15Z"],
            id="an offset of 45 minutes",
        ),
        pytest.param(
            Calendar("hour", "Australia/Lord_Howe"), "2026-04-05T01:45+10:30",
            ["2026-04-04T15:00Z", "2026-04-04T15:30Z"],
            id="Lord Howe repeats half an hour",
        ),
        pytest.param(
            Calendar("hour", "Australia/Lord_Howe"), "2026-10-04T02:45+11:00",
            ["2026-10-03T15:30Z", "2026-10-03T16:00Z"],
            id="Lord Howe skips half an hour",
        ),
        pytest.param(
            Calendar("hour", "America/St_Johns"), "2006-10-29T00:00:30-02:30",
            ["2006-10-29T02:30Z", "2006-10-29T02:31Z"],
            id="St John's goes back at 00:01: the hour is cut short",
        ),
        pytest.param(
            Calendar("hour", "America/St_Johns"), "2006-10-28T23:10-03:30", ["2006-10-29T02:31Z", "2006-10-29T03:30Z"],
            id="St John's went back at 00:01: the repeated hour lacks its first minute",
        ),
        pytest.param(
            Calendar("week", "Europe/Berlin", 7), "2026-03-28T12:00+01:00", ["2026-03-21T23:00Z", "2026-03-28T23:00Z"],
            id="weeks from Sunday",
        ),
        pytest.param(
            Calendar("month", "Europe/Berlin", 15), "2026-04-01T00:00+02:00",
            ["2026-03-14T23:00Z", "2026-04-14T22:00Z"],
            id="a month across the change of clocks",
        ),
        pytest.param(
            Calendar("month"), "2026-12-31T23:59+00:00", ["2026-12-01T00:00Z", "2027-01-01T00:00Z"], id="December"
        ),
        pytest.param(
            Calendar("month", "UTC", 31), "2026-01-10T00:00+00:00", ["2025-12-31T00:00Z", "2026-01-31T00:00Z"],
            id="back over the new year",
        ),
    ],
)  # fmt: skip
def test_known_windows(window: Window, now: str, expected: list[str]) -> None:
    """Days on which clocks changed, worked out by hand."""
    assert in_utc(window.bounds(at(now))) == expected


@pytest.mark.parametrize("reset_day", [29, 30, 31])
@pytest.mark.parametrize(("year", "last"), [(2023, 28), (2024, 29), (2100, 28), (2000, 29)])
def test_february_starts_on_its_last_day(reset_day: int, year: int, last: int) -> None:
    """A reset day that February lacks falls on its last day, in leap years and others."""
    bounds = Calendar("month", "UTC", reset_day).bounds(at(f"{year}-02-{last}T12:00Z"))
    march = date(year, 3, reset_day)
    assert in_utc(bounds) == [f"{year}-02-{last}T00:00Z", f"{march}T00:00Z"]


def test_before_the_epoch() -> None:
    """Windows go on before 1970."""
    assert Every(HOUR).bounds(-0.5) == (-HOUR, 0)
    assert in_utc(Calendar("month", "Europe/Berlin").bounds(-HOUR - 1)) == ["1969-11-30T23:00Z", "1969-12-31T23:00Z"]


@pytest.mark.parametrize("window", [Every(DAY), *(Calendar(unit, "Asia/Tokyo") for unit in ("hour", "day", "month"))])
@pytest.mark.parametrize("now", [1e12, -1e12, pytest.param(10**5000, id="huge"), math.nan, math.inf, -math.inf])
def test_times_outside_the_calendar_are_refused(window: Window, now: float) -> None:
    """A clock in milliseconds, or broken, is an error of ours and not an OverflowError."""
    with pytest.raises(ConfigurationError, match=r"seconds since 1970.*milliseconds"):
        window.bounds(now)


@pytest.mark.parametrize("now", [at("9999-12-31T12:00Z"), at("0001-01-01T12:00Z")])
def test_windows_that_leave_the_calendar_are_refused(now: int) -> None:
    """The last month that datetime knows has no end."""
    with pytest.raises(ConfigurationError, match="years 1 to 9999"):
        Calendar("month", "UTC", 2).bounds(now)


@pytest.mark.parametrize("window", [TOTAL, Sliding(HOUR)])
def test_total_and_sliding_have_no_end(window: Window) -> None:
    """They are one window for all time, as far as bounds go."""
    assert window.bounds(1.7e9) == (0, None)


@pytest.mark.parametrize("window", WINDOWS, ids=lambda window: window.id)
def test_an_id_reads_back_as_the_window(window: Window) -> None:
    """What the ledger stores can be turned into the window again."""
    assert parse_window(window.id) == window
    assert parse_window(window) is window


@pytest.mark.parametrize("window", WINDOWS, ids=lambda window: window.id)
def test_windows_are_values(window: Window) -> None:
    """They pickle, copy and hash, and work on the other side."""
    for other in (pickle.loads(pickle.dumps(window)), copy.deepcopy(window)):
        assert other == window
        assert hash(other) == hash(window)
        assert (other.id, other.label, other.bounds(1e9)) == (window.id, window.label, window.bounds(1e9))
    for change in (
        lambda: setattr(window, "id", "other"),
        lambda: setattr(window, "seconds", 1),
        lambda: delattr(window, "id"),
    ):
        with pytest.raises(AttributeError):
            change()
    assert not hasattr(window, "__dict__")


def test_different_windows_differ() -> None:
    """Neither the ids nor the values of different windows are equal."""
    assert len({window.id for window in WINDOWS}) == len(set(WINDOWS)) == len(WINDOWS)
    assert Every(60) != Sliding(60)
    assert Calendar("day", "UTC") != Calendar("day", "Europe/London")
    assert Total() == TOTAL


@pytest.mark.parametrize("window", WINDOWS, ids=lambda window: window.id)
def test_a_window_prints_as_the_code_that_makes_it(window: Window) -> None:
    """Its repr can be pasted back, and its parts can be matched by position."""
    assert eval(repr(window), {kind.__name__: kind for kind in (Total, Every, Sliding, Calendar)}) == window
    parts = [getattr(window, name) for name in window.__match_args__]
    assert type(window)(*parts) == window


@pytest.mark.parametrize(
    ("window", "identity", "label"),
    [
        (TOTAL, "total", "in total"),
        (Every(HOUR), "every:3600", "per 1 hour"),
        (Every(30 * DAY), "every:2592000", "per 30 days"),
        (Every(90), "every:90", "per 90 seconds"),
        (Every(5_400), "every:5400", "per 90 minutes"),
        (Every(90_061), "every:90061", "per 90,061 seconds"),
        (Sliding(HOUR), "sliding:3600", "in any 1 hour"),
        (Calendar("hour"), "calendar:hour:UTC", "per calendar hour (UTC)"),
        (Calendar("month"), "calendar:month:UTC:1", "per calendar month (UTC)"),
        (
            Calendar("month", "Europe/Berlin", 15),
            "calendar:month:Europe/Berlin:15",
            "per calendar month (Europe/Berlin, from day 15)",
        ),
        (Calendar("week", "UTC", 7), "calendar:week:UTC:7", "per calendar week (UTC, from Sunday)"),
    ],
)
def test_ids_and_labels(window: Window, identity: str, label: str) -> None:
    """Ids are what counters are filed under, so they must never change; labels are what people read."""
    assert (window.id, window.label) == (identity, label)


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("total", TOTAL),
        (" Total ", TOTAL),
        ("day", Calendar("day")),
        ("Month", Calendar("month")),
        ("day Europe/Berlin", Calendar("day", "Europe/Berlin")),
        ("day utc", Calendar("day")),
        ("month Europe/Berlin 15", Calendar("month", "Europe/Berlin", 15)),
        ("month 15", Calendar("month", "UTC", 15)),
        ("week UTC 7", Calendar("week", "UTC", 7)),
        ("30s", Every(30)),
        ("15m", Every(900)),
        ("1h", Every(HOUR)),
        ("1D", Every(DAY)),
        ("2w", Every(14 * DAY)),
        ("30d", Every(30 * DAY)),
        ("1000d", Every(1000 * DAY)),
        ("24 hours", Every(DAY)),
        ("1.5h", Every(5_400)),
        ("0.5m", Every(30)),
        ("every 1h", Every(HOUR)),
        ("3600", Every(HOUR)),
        ("sliding 1h", Sliding(HOUR)),
        ("sliding:1h", Sliding(HOUR)),
        ("Sliding 15 minutes", Sliding(900)),
        (3600, Every(HOUR)),
        (3600.0, Every(HOUR)),
        (31_536_000, Every(365 * DAY)),
        (94_608_000, Every(3 * 365 * DAY)),
        (timedelta(days=1), Every(DAY)),
        (timedelta(days=1000), Every(1000 * DAY)),
    ],
)
def test_parse_window(text: object, window: Window) -> None:
    """The forms that people write."""
    assert parse_window(text) == window


@pytest.mark.parametrize(
    ("value", "way_out"),
    [
        ("1mo", "'month' or '30d'?"),
        ("1M", "'month' or '30d'?"),
        ("3 months", "'90d'?"),
        ("1y", "'365d'?"),
        ("2 years", "'730d'?"),
        ("daily", "'day'?"),
        ("Monthly", "'month'?"),
        ("moth", "'month'?"),
        ("totl", "'total'?"),
        ("forever", "'total'?"),
        ("per day", "'day'?"),
        ("every day", "'day'?"),
        ("minute", "'1m'?"),
        ("rolling 1h", "'sliding 1h'?"),
        ("5 minuts", "'5 minutes'?"),
        ("sliding day", "'1d'?"),
        ("sliding 1mo", "'30d'?"),
        ("1h30m", "'15m', '1h'"),
        ("", "'total', 'hour'"),
        ("86400000ms", "'86400s'?"),
        (86_400_000, "milliseconds, this one in seconds: 86400?"),
        (86_400_000.0, "milliseconds, this one in seconds: 86400?"),
        ("86400000", "write '86400000s'"),
        ("sliding 3600000", "in seconds: 3600?"),
        (3_600_000, "in seconds: 3600?"),
        (90_061_000, "in seconds: 90061?"),
        (31_536_000_000, "in seconds: 31536000?"),
        (0, "at least 1 second"),
        (-5, "at least 1 second"),
        ("-5s", "at least 1 second"),
        ("0h", "at least 1 second"),
        (timedelta(days=-1), "at least 1 second"),
        (math.nan, "finite"),
        (math.inf, "finite"),
        (0.5, "whole number of seconds"),
        ("0.5s", "whole number of seconds"),
        (timedelta(milliseconds=1500), "whole number of seconds"),
        ("36526d", "at most 100 years"),
        ("9" * 20 + "w", "at most 100 years"),
        (1e300, "at most 100 years"),
        pytest.param(10**5000, "at most 100 years", id="a number too long to print"),
        pytest.param("9" * 5000, "'total', 'hour'", id="a text too long to show"),
        (True, "not True"),
        (None, "'total'"),
        (b"day", "'day'"),
        ("day Europe/Berln", "Did you mean 'Europe/Berlin'?"),
        ("day europe/berlin", "Did you mean 'Europe/Berlin'?"),
        ("day Mars/Olympus", "'Mars/Olympus'"),
        ("day Mars/Olympus", "pip install tzdata"),
        ("day ../etc/passwd", "unknown time zone"),
        ("day /etc/localtime", "unknown time zone"),
        ("day Europe", "unknown time zone"),
        ("day \ud800", "unknown time zone"),
        ("day a\0b", "unknown time zone"),
        pytest.param("day " + "A" * 5000, "unknown time zone", id="a zone too long to show"),
        ("day localtime", "name the zone"),
        ("day Europe/Berlin Europe/Paris", "'day Europe/Berlin'"),
        ("calendar:year", "'month'"),
        ("month UTC 32", "1 to 31, not 32"),
        ("week UTC 8", "7 for Sunday, not 8"),
        ("day UTC 2", "no reset_day"),
        ("every:0", "at least 1 second"),
    ],
)
def test_what_is_no_window_names_the_way_out(value: object, way_out: str) -> None:
    """Each mistake gets a ConfigurationError that says what to write instead."""
    with pytest.raises(ConfigurationError) as caught:
        parse_window(value)
    assert way_out in str(caught.value)
    assert len(str(caught.value)) < 400


@settings(deadline=None)
@given(st.text() | st.from_regex(r"(sliding|every|month|calendar)?[ :]?[0-9]{0,5}[a-zA-Z/]{0,9}", fullmatch=True))
def test_any_text_is_a_window_or_a_configuration_error(text: str) -> None:
    """Nothing that a configuration file holds raises anything else, and what is understood has an id that is, too."""
    try:
        window = parse_window(text)
    except ConfigurationError:
        return
    assert parse_window(window.id) == window


@pytest.mark.parametrize("make", [Every, Sliding])
@pytest.mark.parametrize("seconds", [0, -1, 0.5, math.nan, True, "1h", None, 36_525 * DAY + 1])
def test_lengths_are_checked_where_they_are_built(make: type[Every], seconds: int) -> None:
    """The classes refuse what parse_window refuses."""
    with pytest.raises(ConfigurationError, match=r"second|finite|100 years"):
        make(seconds)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("year",), "'month'"),
        (("day", 3600), "'Europe/Berlin'"),
        (("day", ""), "unknown time zone"),
        (("day", "UTC", 2), "no reset_day"),
        (("hour", "UTC", 2), "no reset_day"),
        (("month", "UTC", 0), "1 to 31"),
        (("month", "UTC", True), "1 to 31"),
        (("month", "UTC", "15"), "1 to 31"),
        pytest.param(("month", "UTC", 10**5000), "1 to 31", id="a number too long to print"),
        (("week", "UTC", 8), "Sunday"),
    ],
)
def test_calendars_are_checked_where_they_are_built(arguments: tuple, complaint: str) -> None:
    """An unknown unit, zone or reset day is refused at once."""
    with pytest.raises(ConfigurationError, match=complaint):
        Calendar(*arguments)


def test_a_machine_without_time_zones_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where neither the system nor tzdata has zones, UTC works and others name the package."""
    monkeypatch.setattr(zoneinfo, "ZoneInfo", _no_zone)
    monkeypatch.setattr(zoneinfo, "available_timezones", set)
    assert Calendar("day", "UTC").bounds(0) == (0, DAY)
    with pytest.raises(ConfigurationError, match=r"'Europe/Berlin'.*no time zone data.*pip install tzdata"):
        Calendar("day", "Europe/Berlin")


def _no_zone(name: str) -> ZoneInfo:
    raise zoneinfo.ZoneInfoNotFoundError(name)


def test_importing_and_utc_load_no_time_zone_database() -> None:
    """zoneinfo is loaded for the first calendar in another zone than UTC, not before."""
    code = (
        "import sys; from llm_token_budget.windows import parse_window; "
        "parse_window('day').bounds(0); "
        "before = 'zoneinfo' in sys.modules; "
        "parse_window('day Europe/Berlin'); print(before, 'zoneinfo' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["False", "True"]
