//! Small map of the world: the client, and the mirrors nearest to it.
//!
//! Equirectangular: a degree is a unit of the drawing, longitude to the right and latitude
//! upwards. Elements are closed by a tag of their own: in HTML an unclosed `path` would hold the next.
//! Colours come from classes, with attributes that serve where there is no style sheet.

use std::fmt::Write as _;

use maud::{Markup, html};
use mirror_selection::Choice;

/// Latitude and longitude in degrees.
pub(super) type Place = (f32, f32);

/// Which cells of a grid are land: a line for every [`STEP`] degrees from [`TOP`] southwards, a
/// character for every [`STEP`] degrees from the date line eastwards.
const LAND: &str = include_str!("land.txt");
const STEP: i16 = 3;
const TOP: i16 = 81;

/// How many mirrors are joined to the client by a line.
const NEAREST: usize = 5;

/// Mean radius of the Earth in km (IUGG).
const RADIUS: f64 = 6371.0;

/// Where the mirror is, if that is known.
pub(super) fn place(choice: &Choice<'_>) -> Option<Place> {
    let (latitude, longitude) = (choice.mirror().latitude, choice.mirror().longitude);
    known((latitude, longitude))
}

/// The place, unless it is the 0, 0 of tables that know none, or nowhere on Earth.
pub(super) fn known((latitude, longitude): Place) -> Option<Place> {
    let zero = latitude == 0.0 && longitude == 0.0;
    let on_earth = latitude.abs() <= 90.0 && longitude.abs() <= 180.0;
    (on_earth && !zero).then_some((latitude, longitude))
}

/// Great-circle distance in km, by the haversine formula.
pub(super) fn distance(a: Place, b: Place) -> f64 {
    let [lat1, lng1, lat2, lng2] = [a.0, a.1, b.0, b.1].map(|d| f64::from(d).to_radians());
    let (dy, dx) = (((lat2 - lat1) / 2.0).sin(), ((lng2 - lng1) / 2.0).sin());
    let h = dy * dy + lat1.cos() * lat2.cos() * dx * dx;
    2.0 * RADIUS * h.clamp(0.0, 1.0).sqrt().asin()
}

/// The map; `None` if no mirror's place is known.
pub(super) fn map(client: Option<Place>, choices: &[Choice<'_>]) -> Option<Markup> {
    let mut places: Vec<Place> = choices.iter().filter_map(place).collect();
    if places.is_empty() {
        return None;
    }
    if let Some(client) = client {
        // Bits of a number that is not negative sort as the number does.
        places.sort_by_cached_key(|&place| distance(client, place).to_bits());
    }
    let nearest = places.get(..NEAREST).unwrap_or(&places);
    let label = match client {
        Some(_) => "World map with your place and the mirrors",
        None => "World map with the mirrors",
    };
    Some(html! {
        figure {
            svg viewBox="-180 -84 360 144" role="img" aria-label=(label) width="720" height="288" {
                path class="land" d=(land()) fill="none" stroke="currentColor"
                    stroke-opacity="0.25" stroke-width="2" stroke-linecap="round"
                    stroke-dasharray="0 3" {}
                path class="mirrors" d=(dots(&places)) fill="none" stroke="currentColor"
                    stroke-width="3.2" stroke-linecap="round" {}
                @if let Some(client) = client {
                    path class="lines" d=(lines(client, nearest)) fill="none"
                        stroke="currentColor" stroke-width="0.6" {}
                    path class="nearest" d=(dots(nearest)) fill="none" stroke="currentColor"
                        stroke-width="3.2" stroke-linecap="round" {}
                    circle class="client" cx=(client.1) cy=(-client.0) r="6" fill="none"
                        stroke="currentColor" stroke-width="1.2" {}
                }
            }
            figcaption {
                @if client.is_some() {
                    "The ring is where you seem to be, the lines lead to the nearest mirrors."
                } @else {
                    "Where the mirrors are. Where you are is not known."
                }
            }
        }
    })
}

/// A dashed line along each row of land cells: with a dash length of zero and round ends, a row
/// of dots.
fn land() -> String {
    let mut path = String::with_capacity(2600);
    for (row, latitude) in LAND.lines().zip((0..).map(|n| TOP - n * STEP)) {
        let mut longitude = 0.5f32.mul_add(f32::from(STEP), -180.0);
        for run in row.as_bytes().chunk_by(|a, b| a == b) {
            let width = f32::from(STEP) * run.len() as f32;
            if run.first() == Some(&b'#') {
                let last = longitude + width - f32::from(STEP);
                // Writing to a String cannot fail, here and below.
                let _ = write!(path, "M{longitude} {}H{}", -latitude, last + 0.1);
            }
            longitude += width;
        }
    }
    path
}

/// A line of no length at each place: with round ends, a dot.
fn dots(places: &[Place]) -> String {
    let mut path = String::with_capacity(places.len() * 16);
    for (latitude, longitude) in places {
        let _ = write!(path, "M{longitude:.1} {:.1}h0", -latitude);
    }
    path
}

/// Lines from the client, the shorter way round: one that crosses the date line is drawn twice,
/// once over each edge.
fn lines(client: Place, places: &[Place]) -> String {
    let mut path = String::new();
    let (y, x) = (-client.0, client.1);
    for (latitude, longitude) in places {
        let shift = match longitude - x {
            d if d > 180.0 => -360.0,
            d if d < -180.0 => 360.0,
            _ => 0.0,
        };
        let _ = write!(
            path,
            "M{x:.1} {y:.1}L{:.1} {:.1}",
            longitude + shift,
            -latitude
        );
        if shift != 0.0 {
            let _ = write!(
                path,
                "M{:.1} {y:.1}L{longitude:.1} {:.1}",
                x - shift,
                -latitude
            );
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_in_km() {
        let (berlin, tokyo) = ((52.52, 13.405), (35.6762, 139.6503));
        assert!((distance(berlin, tokyo) - 8918.0).abs() < 10.0);
        assert!((distance((0.0, 179.0), (0.0, -179.0)) - 222.4).abs() < 0.1);
        assert!(distance(berlin, berlin) < 0.001);
    }

    #[test]
    fn m20_lines_cross_the_date_line() {
        assert_eq!(
            lines((10.0, 170.0), &[(20.0, -170.0)]),
            "M170.0 -10.0L190.0 -20.0M-190.0 -10.0L-170.0 -20.0"
        );
    }

    #[test]
    fn the_grid_is_whole() {
        assert!(
            LAND.lines()
                .all(|row| row.len() == 120 && !row.contains(|c| c != '#' && c != '.'))
        );
        assert!(land().len() < 4000);
    }

    #[test]
    fn unknown_places_are_none() {
        assert_eq!(known((0.0, 0.0)), None);
        assert_eq!(known((f32::NAN, 1.0)), None);
        assert_eq!(known((91.0, 1.0)), None);
        assert_eq!(known((0.0, 9.5)), Some((0.0, 9.5)));
    }
}
