//! Places on the globe.

/// Reads a pair of coordinates in decimal degrees, such as `52.52` and `13.40`. What is missing,
/// no number or not finite makes the place unknown.
///
/// The text passes through `f64`, because rounding once to `f32` is not the same as rounding
/// twice, and the order of mirrors that sites know comes from the latter.
pub fn parse_coordinates(latitude: &str, longitude: &str) -> Option<(f32, f32)> {
    let number = |text: &str| text.trim().parse::<f64>().ok();
    coordinates(number(latitude)?, number(longitude)?)
}

/// Rounds a pair of coordinates to the precision of the selection; `None` unless both are finite.
pub fn coordinates(latitude: f64, longitude: f64) -> Option<(f32, f32)> {
    let pair = (latitude as f32, longitude as f32);
    (pair.0.is_finite() && pair.1.is_finite()).then_some(pair)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_are_rounded_twice() {
        assert_eq!(parse_coordinates("52.52", " 13.4 "), Some((52.52, 13.4)));
        // Just above the middle of two f32: nearest to the text is the upper one, but its f64 is
        // the middle itself, which goes to the even one below.
        let text = "1.00000005960464477540";
        assert_eq!(parse_coordinates(text, "1"), Some((1.0, 1.0)));
        for (latitude, longitude) in [
            ("", "1"),
            ("1", ""),
            ("x", "1"),
            ("NaN", "1"),
            ("1", "inf"),
            ("1e99", "1"),
            ("1", "--"),
        ] {
            assert_eq!(
                parse_coordinates(latitude, longitude),
                None,
                "{latitude} {longitude}"
            );
        }
    }
}
