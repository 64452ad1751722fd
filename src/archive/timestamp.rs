//! Times as zip headers hold them.

use crate::units::civil_from_days;

/// A time as zip headers hold it: local to nowhere, in steps of 2 seconds, from 1980 to 2107. The default is the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DosTimestamp {
    date: u16,
    time: u16,
}

impl DosTimestamp {
    /// 1980-01-01 00:00:00.
    pub const EARLIEST: DosTimestamp = DosTimestamp { date: 1 << 5 | 1, time: 0 };
    /// 2107-12-31 23:59:58.
    pub const LATEST: DosTimestamp = DosTimestamp { date: 127 << 9 | 12 << 5 | 31, time: 23 << 11 | 59 << 5 | 29 };

    /// The time that lies `seconds` after 1970-01-01 00:00:00 UTC, as `SOURCE_DATE_EPOCH` counts them, in UTC: rounded down to
    /// an even second, and clamped to what the format can say.
    ///
    /// ```
    /// use lambda_slim::archive::DosTimestamp;
    /// assert_eq!(DosTimestamp::from_unix(0), DosTimestamp::EARLIEST);
    /// assert_eq!(DosTimestamp::from_unix(i64::MAX), DosTimestamp::LATEST);
    /// ```
    #[must_use]
    pub fn from_unix(seconds: i64) -> Self {
        /// 1980-01-01 00:00:00 UTC.
        const EARLIEST: i64 = 315_532_800;
        /// 2107-12-31 23:59:58 UTC.
        const LATEST: i64 = 4_354_819_198;
        const DAY: i64 = 86_400;
        if seconds >= LATEST {
            return Self::LATEST;
        }
        let seconds = seconds.max(EARLIEST);
        let (day, second) = (seconds / DAY, seconds % DAY);
        let (year, month, day) = civil_from_days(day);
        let date = (year - 1980) << 9 | month << 5 | day;
        let time = ((second / 3600) << 11) | ((second / 60 % 60) << 5) | (second % 60 / 2);
        let narrow = |value: i64| u16::try_from(value).expect("the time was clamped to what the format can say");
        Self { date: narrow(date), time: narrow(time) }
    }

    /// The date field: years since 1980, month and day in 7, 4 and 5 bits.
    #[must_use]
    pub const fn date(self) -> u16 {
        self.date
    }

    /// The time field: hours, minutes and half seconds in 5, 6 and 5 bits.
    #[must_use]
    pub const fn time(self) -> u16 {
        self.time
    }
}

impl Default for DosTimestamp {
    fn default() -> Self {
        Self::EARLIEST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As numbers to read: year, month, day, hour, minute, second.
    fn fields(stamp: DosTimestamp) -> [u16; 6] {
        let (date, time) = (stamp.date(), stamp.time());
        [1980 + (date >> 9), date >> 5 & 15, date & 31, time >> 11, time >> 5 & 63, (time & 31) * 2]
    }

    #[test]
    fn known_seconds_are_known_dates() {
        for (seconds, expected) in [
            (315_532_800, [1980, 1, 1, 0, 0, 0]),
            (951_782_401, [2000, 2, 29, 0, 0, 0]),
            (951_868_799, [2000, 2, 29, 23, 59, 58]),
            (1_700_000_000, [2023, 11, 14, 22, 13, 20]),
            (4_102_444_800, [2100, 1, 1, 0, 0, 0]),
            (4_107_542_400, [2100, 3, 1, 0, 0, 0]),
            (4_354_819_197, [2107, 12, 31, 23, 59, 56]),
            (4_354_819_198, [2107, 12, 31, 23, 59, 58]),
            (i64::MIN, [1980, 1, 1, 0, 0, 0]),
        ] {
            assert_eq!(fields(DosTimestamp::from_unix(seconds)), expected, "{seconds}");
        }
    }

    #[test]
    fn days_follow_each_other_without_a_gap() {
        let mut before = fields(DosTimestamp::EARLIEST);
        for day in 3653..50_000 {
            let today = fields(DosTimestamp::from_unix(day * 86_400));
            let [year, month, date, ..] = before;
            let next = [[year, month, date + 1], [year, month + 1, 1], [year + 1, 1, 1]];
            assert!(next.contains(&[today[0], today[1], today[2]]), "{before:?} then {today:?}");
            before = today;
        }
        assert_eq!(before[0], 2106);
    }
}
