//! Days of the ISO calendar, counted from 1970-01-01, for all years that milliseconds in 64 bits reach.

/// Days from the first of March of year 0 to 1970-01-01.
const EPOCH: i64 = 719_468;
const DAYS_OF_400_YEARS: i64 = 146_097;

pub(super) fn is_leap_year(year: i64) -> bool {
    year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap_year(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The day of a date; `None` where there is none.
pub(super) fn day(year: i64, month: i64, day: i64) -> Option<i64> {
    let is_right = (1..=12).contains(&month) && (1..=days_in_month(year, month)).contains(&day);
    is_right.then(|| rolled_day(year, month, day))
}

/// The day of a date whose month and day may lie beyond the year's and the month's: they count on.
///
/// Years begin in March here, so that the leap day is the last one.
pub(super) fn rolled_day(year: i64, month: i64, day: i64) -> i64 {
    let since_march = month - 3;
    let year = year + since_march.div_euclid(12);
    let month = since_march.rem_euclid(12);
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    era * DAYS_OF_400_YEARS + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - EPOCH
}

/// The day of a year's n-th day.
pub(super) fn day_of_year(year: i64, number: i64) -> Option<i64> {
    let is_right = (1..=365 + i64::from(is_leap_year(year))).contains(&number);
    is_right.then(|| rolled_day(year, 1, 1) + number - 1)
}

/// The day of an ISO week: weeks begin on Monday (1), and the first of a year is that of January 4.
pub(super) fn day_of_week(week_year: i64, week: i64, weekday: i64) -> i64 {
    first_monday(week_year) + 7 * (week - 1) + weekday - 1
}

/// Whether a year has the week: a 53rd only where it has a Thursday.
pub(super) fn has_week(week_year: i64, week: i64) -> bool {
    week <= 52 || 7 * (week - 1) < first_monday(week_year + 1) - first_monday(week_year)
}

fn first_monday(week_year: i64) -> i64 {
    let fourth = rolled_day(week_year, 1, 4);
    // 1970-01-01 was a Thursday.
    fourth - (fourth + 3).rem_euclid(7)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_from_1970() {
        for ((year, month, date), expected) in [
            ((1970, 1, 1), Some(0)),
            ((1969, 12, 31), Some(-1)),
            ((2000, 2, 29), Some(11_016)),
            ((1900, 2, 29), None),
            ((9999, 12, 31), Some(2_932_896)),
            ((0, 1, 1), Some(-719_528)),
            ((2021, 13, 1), None),
        ] {
            assert_eq!(day(year, month, date), expected, "{year}-{month}-{date}");
        }
        assert_eq!(rolled_day(2021, 13, 32), rolled_day(2022, 2, 1));
        assert_eq!(rolled_day(2021, 0, 10), rolled_day(2020, 12, 10));
        assert_eq!(day_of_year(2020, 366), day(2020, 12, 31));
        assert_eq!(day_of_year(2021, 366), None);
    }

    #[test]
    fn weeks_are_those_of_iso_8601() {
        assert_eq!(Some(day_of_week(2021, 9, 4)), day(2021, 3, 4));
        assert_eq!(Some(day_of_week(2020, 53, 7)), day(2021, 1, 3));
        assert_eq!(Some(day_of_week(2021, 1, 1)), day(2021, 1, 4));
        assert!(has_week(2020, 53) && !has_week(2021, 53));
    }
}
