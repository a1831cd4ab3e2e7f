//! Draws what a spread does to the mirrors and clients of `tests/spread`: load per mirror, distance beyond the
//! nearest mirror, and what page caches of several sizes hold, into the SVG file that is named.

use std::collections::HashMap;
use std::error::Error;
use std::path::Path;

use mirror_selection::*;
use plotters::prelude::*;

const REQUESTS: usize = 400_000;
const FILES: u64 = 10_000;
const CACHES: [usize; 7] = [50, 100, 200, 500, 1000, 2000, 5000];

/// Told apart also by those who see colours differently (Okabe and Ito's palette).
const MODES: [(&str, Spread, RGBColor); 3] = [
    ("off", Spread::Off, RGBColor(0, 0, 0)),
    ("near", Spread::Near { km: 300 }, RGBColor(0, 114, 178)),
    ("cache", Spread::Cache { km: 300 }, RGBColor(213, 94, 0)),
];

/// A curve of each mode, in their order.
type Curves = Vec<Vec<(f64, f64)>>;

struct WeightedClient {
    client: Client,
    weight: f64,
}

fn rows(name: &str) -> Result<Vec<Vec<String>>, Box<dyn Error>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/spread")
        .join(name);
    let text = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(text
        .lines()
        .map(|line| line.split('\t').map(str::to_owned).collect())
        .collect())
}

fn mirrors() -> Result<Vec<Mirror>, Box<dyn Error>> {
    let read = |row: Vec<String>| {
        let [id, country, region, lat, lng, score] = &row[..] else {
            return Err("mirrors.tsv: a line has not six fields".into());
        };
        let row = MirrorRow {
            id: Some(id.parse()?),
            country: Some(country),
            region: Some(region),
            latitude: Some(lat.parse()?),
            longitude: Some(lng.parse()?),
            score: Some(score.parse()?),
            base_url: Some("http://mirror.example.org/"),
            file_max_size: Some(0),
            ..MirrorRow::default()
        };
        Mirror::from_row(&row).ok_or_else(|| "mirrors.tsv: a line is no mirror".into())
    };
    rows("mirrors.tsv")?.into_iter().map(read).collect()
}

fn clients() -> Result<Vec<WeightedClient>, Box<dyn Error>> {
    let read = |row: Vec<String>| {
        let [country, lat, lng, radius, weight] = &row[..] else {
            return Err("clients.tsv: a line has not five fields".into());
        };
        let continent = places::continent_of(country);
        let client = Client {
            country: Code::parse(country),
            region: continent.and_then(|continent| Region::parse(continent.code())),
            coordinates: places::parse_coordinates(lat, lng),
            accuracy_radius: Some(radius.parse()?),
            ..Client::default()
        };
        Ok(WeightedClient {
            client,
            weight: weight.parse()?,
        })
    };
    rows("clients.tsv")?.into_iter().map(read).collect()
}

/// The nearest of all mirrors and the chosen one, no nearer than the client's place is known.
fn regret(mirrors: &[Mirror], client: &Client, chosen: &Mirror) -> f64 {
    let radius = client.accuracy_radius.unwrap_or(0.0);
    let (lat, lng) = client.coordinates.unwrap_or_default();
    let known = |mirror: &Mirror| {
        let [lat1, lng1, lat2, lng2] =
            [lat, lng, mirror.latitude, mirror.longitude].map(|d| f64::from(d).to_radians());
        let (dy, dx) = (((lat2 - lat1) / 2.0).sin(), ((lng2 - lng1) / 2.0).sin());
        let h = dy * dy + lat1.cos() * lat2.cos() * dx * dx;
        (2.0 * 6371.0 * h.min(1.0).sqrt().asin()).max(radius)
    };
    known(chosen) - mirrors.iter().map(known).fold(f64::INFINITY, f64::min)
}

/// How many requests caches of so many files would have served: the distances in the order of last use.
fn hits(requests: &[u64], capacity: usize) -> usize {
    // Least recently used: a file is in the cache if fewer than `capacity` others came since.
    let mut used: HashMap<u64, usize> = HashMap::new();
    let mut order = std::collections::BTreeMap::new();
    let mut hits = 0;
    for (now, &file) in requests.iter().enumerate() {
        if let Some(last) = used.insert(file, now) {
            order.remove(&last);
            hits += usize::from(now >= requests.len() / 2);
        } else if used.len() > capacity
            && let Some((_, oldest)) = order.pop_first()
        {
            used.remove(&oldest);
        }
        order.insert(now, file);
    }
    hits
}

/// Load, distance beyond the nearest, and hits of one mode.
type Figures = [Vec<(f64, f64)>; 3];

fn simulate(spread: Spread) -> Result<Figures, Box<dyn Error>> {
    let (mirrors, clients) = (mirrors()?, clients()?);
    let all: MirrorSet = mirrors
        .iter()
        .filter_map(|m| u32::try_from(m.id).ok())
        .collect();
    let table = MirrorTable::new(mirrors.clone());
    let mut random = fastrand::Rng::with_seed(1);
    let sum: f64 = clients.iter().map(|client| client.weight).sum();
    let harmonic: f64 = (1..=FILES).map(|rank| 1.0 / rank as f64).sum();
    let mut regrets = Vec::with_capacity(REQUESTS);
    let mut loads: HashMap<i64, Vec<u64>> = HashMap::new();
    for _ in 0..REQUESTS {
        let mut at = random.f64() * sum;
        let asks = clients.iter().find(|client| {
            at -= client.weight;
            at < 0.0
        });
        let Some(asks) = asks else { continue };
        let address = std::net::Ipv4Addr::from_bits(random.u32(..));
        let client = Client {
            address: Some(address.into()),
            ..asks.client.clone()
        };
        // Zipf's law: the first of n ranks has 1 / (r * H(n)); the inverse of its sum, nearly.
        let file = ((random.f64() * harmonic).exp() * 0.5614) as u64;
        let order = Order {
            spread,
            file: FileKey::of(format!("pool/{file}").as_bytes()),
            ..Order::default()
        };
        let candidates = Candidates::Table(&table, &all);
        let mut draw = || random.u64(..);
        let chosen = select(
            candidates,
            &[],
            &client,
            1,
            order,
            &mut draw,
            Extent::Top(1),
        );
        let Some(chosen) = chosen.target().map(|choice| choice.mirror()) else {
            continue;
        };
        regrets.push(regret(&mirrors, &client, chosen));
        loads.entry(chosen.id).or_default().push(file);
    }
    regrets.sort_by(f64::total_cmp);
    let requests = regrets.len() as f64;
    let mut shares: Vec<f64> = loads
        .values()
        .map(|l| 100.0 * l.len() as f64 / requests)
        .collect();
    shares.sort_by(|a, b| b.total_cmp(a));
    shares.resize(mirrors.len(), 0.0);
    let share = shares
        .into_iter()
        .zip(1_u8..)
        .map(|(share, nth)| (nth.into(), share));
    let regret = (0..=100).map(|percent| {
        let at = (percent * regrets.len() / 100).min(regrets.len() - 1);
        (percent as f64, regrets[at])
    });
    let cached = CACHES.map(|capacity| {
        let hits: usize = loads.values().map(|files| hits(files, capacity)).sum();
        (capacity as f64, 100.0 * hits as f64 / (requests / 2.0))
    });
    Ok([share.collect(), regret.collect(), cached.to_vec()])
}

fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args_os().nth(1).ok_or("usage: plots FILE.svg")?;
    let mut charts: [Curves; 3] = Default::default();
    for (_, spread, _) in MODES {
        for (chart, curve) in charts.iter_mut().zip(simulate(spread)?) {
            chart.push(curve);
        }
    }
    let root = SVGBackend::new(Path::new(&file), (900, 960)).into_drawing_area();
    root.fill(&WHITE)?;
    let labels = [
        ("mirrors, the busiest first", "% of all requests"),
        ("% of requests", "km beyond the nearest mirror, up to"),
        (
            "files that a mirror's page cache holds, of 10,000",
            "% of requests from page caches",
        ),
    ];
    for ((area, curves), (x, y)) in root.split_evenly((3, 1)).iter().zip(&charts).zip(labels) {
        let points = || curves.iter().flatten();
        let width = points().map(|point| point.0).fold(1.0, f64::max);
        let height = points()
            .map(|point| point.1)
            .fold(1.0, f64::max)
            .min(1500.0);
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .x_label_area_size(42)
            .y_label_area_size(64)
            .build_cartesian_2d(0.0..width, 0.0..height)?;
        chart
            .configure_mesh()
            .x_desc(x)
            .y_desc(y)
            .light_line_style(WHITE)
            .draw()?;
        for (curve, (name, _, colour)) in curves.iter().zip(MODES) {
            let shown = curve.iter().map(|&(x, y)| (x, y.min(height)));
            chart
                .draw_series(LineSeries::new(shown, colour.stroke_width(2)))?
                .label(name)
                .legend(move |(x, y)| {
                    PathElement::new([(x, y), (x + 24, y)], colour.stroke_width(2))
                });
        }
        chart
            .configure_series_labels()
            .background_style(WHITE)
            .border_style(BLACK)
            .draw()?;
    }
    root.present()?;
    for (chart, (_, label)) in charts.iter().zip(labels) {
        for (curve, (name, ..)) in chart.iter().zip(MODES) {
            let shown: Vec<String> = curve
                .iter()
                .step_by(curve.len().div_ceil(12))
                .map(|p| format!("{}: {:.1}", p.0, p.1))
                .collect();
            println!("{label}, {name}: {}", shown.join(", "));
        }
    }
    Ok(())
}
