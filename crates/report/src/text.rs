//! How numbers are written: one way for each kind of number, everywhere on the page.
//!
//! A number and its unit are held together by a no-break space; a minus is a minus, not a hyphen.

use eval::interval::Interval;

/// Holds a number and its unit on one line.
pub(crate) const NBSP: &str = "\u{a0}";

/// What stands where there is no number.
pub(crate) const NONE: &str = "–";

/// A share as a percentage with one decimal: "97.9 %".
pub(crate) fn percent(share: f64) -> String {
    format!("{:.1}{NBSP}%", 100.0 * share)
}

/// Both ends of an interval of shares: "97.1 – 98.4 %".
pub(crate) fn percent_range(range: Interval) -> String {
    format!("{:.1}{NBSP}–{NBSP}{:.1}{NBSP}%", 100.0 * range.low, 100.0 * range.high)
}

/// The lowest and the highest of some shares: "97.1 – 98.4 %".
pub(crate) fn percent_span(shares: &[f64]) -> String {
    let low = shares.iter().copied().fold(f64::INFINITY, f64::min);
    let high = shares.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    percent_range(Interval { low, high })
}

/// A difference of shares in points, with its sign and `decimals`: "+0.4", "−2.1", "0.0".
pub(crate) fn signed_points(difference: f64, decimals: usize) -> String {
    let size = unsigned_points(difference, decimals);
    if size.chars().all(|c| matches!(c, '0' | '.')) {
        size
    } else if difference < 0.0 {
        format!("−{size}")
    } else {
        format!("+{size}")
    }
}

/// The size of a difference of shares in points: "2.1".
pub(crate) fn unsigned_points(difference: f64, decimals: usize) -> String {
    format!("{:.decimals$}", 100.0 * difference.abs())
}

/// A number of points with its unit: "2 points", "1 point", "1.0 points".
pub(crate) fn points(number: impl std::fmt::Display) -> String {
    let number = number.to_string();
    let unit = if number == "1" { "point" } else { "points" };
    format!("{number}{NBSP}{unit}")
}

/// Decimals, at least 1, at which `value` does not look like `other`: a loss of 1.97 points is
/// less than a margin of 2, and must not read "2.0".
pub(crate) fn decimals_apart(value: f64, other: f64) -> usize {
    let same =
        |&decimals: &usize| unsigned_points(value, decimals) == unsigned_points(other, decimals);
    (1..4).find(|decimals| !same(decimals)).unwrap_or(4)
}

/// A number that people chose, without needless decimals: 0.95 as a percentage is "95".
pub(crate) fn plain(value: f64) -> String {
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A count with thousands separators: "12,345".
pub(crate) fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// "1 image", "2 images".
pub(crate) fn counted(value: u64, one: &str, many: &str) -> String {
    format!("{}{NBSP}{}", count(value), if value == 1 { one } else { many })
}

/// A probability: "0.034", "< 0.001".
pub(crate) fn probability(p: f64) -> String {
    if p < 0.001 { "<\u{a0}0.001".to_owned() } else { format!("{p:.3}") }
}

/// What follows a "p": "= 0.034", "< 0.001".
pub(crate) fn p_value(p: f64) -> String {
    let written = probability(p);
    if written.starts_with('<') { written } else { format!("={NBSP}{written}") }
}

/// A time in the unit that suits it: "34 µs", "1.25 ms", "3.4 s", "12 min", "2.5 h".
pub(crate) fn seconds(seconds: f64) -> String {
    const UNITS: [(f64, &str); 5] =
        [(1e-6, "µs"), (1e-3, "ms"), (1.0, "s"), (60.0, "min"), (3600.0, "h")];
    // A unit from where its first three digits say something: 90 s is still seconds.
    let fits = |&&(unit, _): &&(f64, &str)| seconds >= if unit > 1.0 { 2.0 * unit } else { unit };
    let (unit, name) = UNITS.iter().rev().find(fits).unwrap_or(&UNITS[0]);
    format!("{}{NBSP}{name}", three_digits(seconds / unit))
}

/// A size in bytes, in steps of 1000: "812 B", "12.3 kB".
pub(crate) fn bytes(bytes: u64) -> String {
    const UNITS: [(f64, &str); 4] = [(1.0, "B"), (1e3, "kB"), (1e6, "MB"), (1e9, "GB")];
    let value = bytes as f64;
    let (unit, name) = UNITS.iter().rev().find(|(unit, _)| value >= *unit).unwrap_or(&UNITS[0]);
    let number = if *unit == 1.0 { count(bytes) } else { three_digits(value / unit) };
    format!("{number}{NBSP}{name}")
}

/// Images per second: "12,300".
pub(crate) fn rate(per_second: f64) -> String {
    if per_second < 100.0 { three_digits(per_second) } else { count(per_second.round() as u64) }
}

/// About three significant digits: "1.25", "12.5", "125".
fn three_digits(value: f64) -> String {
    // The bounds are where rounding would give a fourth digit.
    let decimals = if value < 9.995 { 2 } else { usize::from(value < 99.95) };
    let text = format!("{value:.decimals$}");
    if text.chars().all(|c| matches!(c, '0' | '.')) { "0".to_owned() } else { text }
}

/// The settings of a grid point: "c = 10, gamma = scale".
pub(crate) fn point(point: &eval::grid::Point) -> String {
    let settings = point.iter().map(|(name, value)| match value {
        serde_json::Value::String(text) => format!("{name} = {text}"),
        other => format!("{name} = {other}"),
    });
    settings.collect::<Vec<_>>().join(", ")
}

/// Text without characters that nobody sees and XML does not allow; each becomes a "\u{fffd}".
pub(crate) fn printable(text: &str) -> String {
    let odd = |c: char| c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}');
    text.chars().map(|c| if odd(c) { '\u{fffd}' } else { c }).collect()
}

/// A part of a file name: lower-case ASCII letters, digits and hyphens, at most 40.
pub(crate) fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars().take(40) {
        match c.to_ascii_lowercase() {
            c @ ('a'..='z' | '0'..='9') => slug.push(c),
            _ if !slug.ends_with('-') => slug.push('-'),
            _ => {}
        }
    }
    slug.trim_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a reader sees, with plain spaces.
    fn seen(text: &str) -> String {
        text.replace(NBSP, " ")
    }

    #[test]
    fn shares_and_points() {
        assert_eq!(seen(&percent(0.97949)), "97.9 %");
        assert_eq!(seen(&percent_range(Interval { low: 0.971, high: 1.0 })), "97.1 – 100.0 %");
        assert_eq!(signed_points(0.0041, 1), "+0.4");
        assert_eq!(signed_points(-0.021, 1), "−2.1");
        assert_eq!(signed_points(-0.0004, 1), "0.0");
        let said = ["1", "1.5", "+1.0", "2"].map(|number| seen(&points(number)));
        assert_eq!(said, ["1 point", "1.5 points", "+1.0 points", "2 points"]);
        assert_eq!((plain(95.0), plain(99.9)), ("95".to_owned(), "99.9".to_owned()));
    }

    #[test]
    fn a_loss_just_below_the_margin_does_not_look_like_the_margin() {
        assert_eq!(decimals_apart(-0.004, 0.02), 1);
        assert_eq!(decimals_apart(-0.0197, 0.02), 2);
        assert_eq!(unsigned_points(-0.0197, 2), "1.97");
        assert_eq!(decimals_apart(-0.02, 0.02), 4);
    }

    #[test]
    fn counts_times_and_sizes() {
        for (value, expected) in [(0, "0"), (999, "999"), (1000, "1,000"), (1234567, "1,234,567")] {
            assert_eq!(count(value), expected);
        }
        assert_eq!(seen(&counted(1, "image", "images")), "1 image");
        assert_eq!(seen(&counted(1200, "image", "images")), "1,200 images");
        for (value, expected) in [
            (0.0, "0 µs"),
            (34e-6, "34.0 µs"),
            (0.00125, "1.25 ms"),
            (1.0, "1.00 s"),
            (90.0, "90.0 s"),
            (720.0, "12.0 min"),
            (9000.0, "2.50 h"),
        ] {
            assert_eq!(seen(&seconds(value)), expected);
        }
        for (value, expected) in [(812, "812 B"), (12_345, "12.3 kB"), (4_100_000, "4.10 MB")] {
            assert_eq!(seen(&bytes(value)), expected);
        }
        assert_eq!((rate(3.456), rate(12_345.6)), ("3.46".to_owned(), "12,346".to_owned()));
        assert_eq!(seen(&probability(0.000_4)), "< 0.001");
        assert_eq!(probability(0.0343), "0.034");
        assert_eq!(
            (seen(&p_value(0.0343)), seen(&p_value(0.0))),
            ("= 0.034".into(), "< 0.001".into())
        );
    }

    #[test]
    fn file_names_are_harmless() {
        assert_eq!(slug("../../etc/Passwd <b>"), "etc-passwd-b");
        assert_eq!(slug("数据"), "");
        assert_eq!(slug(&"x".repeat(200)).len(), 40);
    }
}
