//! Replays answers that MirrorBrain 2.19 gave: the redirect's mirror and realm, and the order of
//! the mirrors in `Link` headers (the first five) and metalinks (all), for 15 clients.

use std::collections::HashMap;

use mirror_selection::*;
use places::parse_coordinates;
use serde_json::Value;

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

fn mirror(row: &Value) -> Mirror {
    let [
        id,
        identifier,
        base_url,
        region,
        country,
        lat,
        lng,
        asn,
        prefix,
        score,
        region_only,
        country_only,
        as_only,
        prefix_only,
        other_countries,
        file_max_size,
    ] = row.as_array().expect("a row").as_slice()
    else {
        panic!("wrong row: {row}")
    };
    Mirror::from_row(&MirrorRow {
        id: id.as_i64(),
        identifier: identifier.as_str(),
        region: region.as_str(),
        country: country.as_str(),
        latitude: lat.as_f64(),
        longitude: lng.as_f64(),
        asn: asn.as_i64(),
        prefix: prefix.as_str(),
        score: score.as_i64(),
        base_url: base_url.as_str(),
        region_only: region_only.as_str(),
        country_only: country_only.as_str(),
        as_only: as_only.as_str(),
        prefix_only: prefix_only.as_str(),
        other_countries: other_countries.as_str(),
        file_max_size: file_max_size.as_i64(),
        ..MirrorRow::default()
    })
    .expect("a usable row")
}

fn client(value: &Value) -> Client {
    let get = |key: &str| value.get(key).and_then(Value::as_str);
    let degrees = |key: &str| value[key].to_string();
    Client {
        address: get("addr").and_then(|text| text.parse().ok()),
        country: get("cc").and_then(Code::parse),
        region: get("cont").and_then(Region::parse),
        asn: get("asn").and_then(|text| text.parse().ok()),
        coordinates: parse_coordinates(&degrees("lat"), &degrees("lng")),
        accuracy_radius: None,
    }
}

#[test]
fn gives_every_recorded_answer() {
    let recorded: Value = serde_json::from_str(include_str!("recorded.json")).expect("JSON");
    let list = |key: &str| recorded[key].as_array().expect("a list");
    let mirrors: Vec<Mirror> = list("mirrors").iter().map(mirror).collect();
    let by_id: HashMap<i64, &Mirror> = mirrors.iter().map(|m| (m.id, m)).collect();
    let table = MirrorTable::new(mirrors.clone());
    // The recording numbers the fallbacks -1, -2, -3.
    let fallbacks: Vec<Mirror> = list("fallbacks")
        .iter()
        .map(|f| Mirror::fallback(text(&f[0]), text(&f[1]), text(&f[2])).expect("has a host"))
        .zip(1..)
        .map(|(fallback, n)| Mirror { id: -n, ..fallback })
        .collect();

    assert_eq!(list("cases").len(), 208);
    for case in list("cases") {
        let name = text(&case["name"]);
        let file = &recorded["files"][text(&case["file"])];
        let ids = file["mirrors"]
            .as_array()
            .expect("ids")
            .iter()
            .filter_map(Value::as_i64);
        let client = client(&recorded["clients"][text(&case["client"])]);
        let fallbacks = if name.starts_with("fallback") {
            &fallbacks[..]
        } else {
            &[]
        };
        let rows: Vec<Mirror> = ids.clone().map(|id| by_id[&id].clone()).collect();
        let set: MirrorSet = ids.filter_map(|id| u32::try_from(id).ok()).collect();
        let both = [Candidates::Rows(&rows), Candidates::Table(&table, &set)];
        let extents = [Extent::All, Extent::Top(5)];
        for (extent, candidates) in extents.into_iter().flat_map(|e| both.map(|c| (e, c))) {
            let selection = select(
                candidates,
                fallbacks,
                &client,
                file["size"].as_u64().expect("a size"),
                Distance::Planar,
                &mut || 0,
                extent,
            );
            let order: Vec<Value> = selection
                .ranked()
                .iter()
                .map(|c| c.mirror().id.into())
                .collect();
            let geo: Vec<Value> = selection
                .ranked()
                .iter()
                .map(|c| c.country().as_str().into())
                .collect();
            let all = case.get("all").is_some();
            let compared = if all { order.len() } else { order.len().min(5) };
            if !(all && extent != Extent::All) {
                assert_eq!(
                    case["order"],
                    Value::from(&order[..compared]),
                    "{name} {extent:?}"
                );
                assert_eq!(
                    case["geo"],
                    Value::from(&geo[..compared]),
                    "{name} {extent:?}"
                );
            }
            if !all {
                let target = selection.target().expect(name);
                assert_eq!(case["target"], target.mirror().id, "{name}");
                assert_eq!(case["mirror"], *target.mirror().identifier, "{name}");
                assert_eq!(case["realm"], target.realm().as_str(), "{name}");
            }
        }
    }
}
