//! Charts as one SVG file.

use std::path::Path;

use plotters::prelude::*;

/// Curves over one axis.
#[derive(Debug)]
pub struct Chart {
    /// What the horizontal axis shows; its scale is logarithmic.
    pub x: &'static str,
    /// What the vertical axis shows.
    pub y: &'static str,
    /// At least one.
    pub curves: Vec<Curve>,
}

/// Points that belong together.
#[derive(Debug)]
pub struct Curve {
    /// For the legend.
    pub name: &'static str,
    /// From left to right.
    pub points: Vec<(f64, f64)>,
}

const WIDTH: u32 = 900;
/// Of each chart.
const HEIGHT: u32 = 330;
/// Told apart also by those who see colours differently (Okabe and Ito's palette).
const COLOURS: [RGBColor; 3] = [
    RGBColor(0, 0, 0),
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
];

/// Draws the charts below each other.
///
/// # Errors
/// If the file cannot be written.
pub fn write(file: &Path, charts: &[Chart]) -> Result<(), Box<dyn std::error::Error>> {
    let rows = u32::try_from(charts.len())?;
    let root = SVGBackend::new(file, (WIDTH, HEIGHT * rows)).into_drawing_area();
    root.fill(&WHITE)?;
    for (area, chart) in root.split_evenly((charts.len(), 1)).iter().zip(charts) {
        draw(area, chart).map_err(|problem| problem.to_string())?;
    }
    root.present()?;
    Ok(())
}

fn draw(
    area: &DrawingArea<SVGBackend<'_>, plotters::coord::Shift>,
    chart: &Chart,
) -> Result<(), DrawingAreaErrorKind<std::io::Error>> {
    let points = || chart.curves.iter().flat_map(|curve| &curve.points);
    let least = points().map(|point| point.0).fold(f64::INFINITY, f64::min);
    let most = points().map(|point| point.0).fold(1.0, f64::max);
    let highest = points().map(|point| point.1).fold(1.0, f64::max);
    let mut context = ChartBuilder::on(area)
        .margin(12)
        .x_label_area_size(42)
        .y_label_area_size(64)
        .build_cartesian_2d((least.min(most)..most).log_scale(), 0.0..highest * 1.1)?;
    context
        .configure_mesh()
        .x_desc(chart.x)
        .y_desc(chart.y)
        .light_line_style(WHITE)
        .x_label_formatter(&|x| format!("{x:.0}"))
        .y_label_formatter(&|y| format!("{y:.0}"))
        .draw()?;
    for (curve, colour) in chart.curves.iter().zip(COLOURS) {
        let style = colour.stroke_width(2);
        context
            .draw_series(LineSeries::new(curve.points.iter().copied(), style))?
            .label(curve.name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], style));
        let dots = curve.points.iter();
        context.draw_series(dots.map(|point| Circle::new(*point, 3, colour.filled())))?;
    }
    context
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE)
        .border_style(BLACK)
        .draw()
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn a_chart_names_its_curves_and_axes() {
        let curve = |name, slope: f64| Curve {
            name,
            points: [10.0, 100.0, 1000.0].map(|x| (x, x * slope)).to_vec(),
        };
        let chart = Chart {
            x: "mirrors",
            y: "µs",
            curves: vec![curve("limit", 0.1), curve("hot", 0.2), curve("cold", 0.3)],
        };
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("chart.svg");
        write(&file, &[chart]).expect("a chart");
        let svg = std::fs::read_to_string(file).expect("a chart");
        for text in ["mirrors", "µs", "limit", "hot", "cold"] {
            assert!(svg.contains(text), "{text}:\n{svg}");
        }
    }
}
