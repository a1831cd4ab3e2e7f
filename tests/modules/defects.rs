//! Known defects of the original modules, by their ids (docs/defects.md), as far as it takes an
//! httpd to show them. The others are tested beside the code.

mod answers;
mod configuration;
mod crashes;

pub mod listed;
mod memcached;
mod numbers;
mod selection;
mod slow_paths;
mod together;

use harness::http::Response;
use harness::httpd::Httpd;

/// Asks, and sees that no child died of it.
#[track_caller]
fn survives(httpd: &Httpd, path: &str, headers: &[(&str, &str)]) -> Response {
    let children = httpd.children();
    let response = httpd.get_with(path, headers);
    assert_eq!(httpd.children(), children, "{path}");
    response
}
