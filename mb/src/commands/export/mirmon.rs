//! The lists of mirrors that mirmon reads.

use mirror_db::tables::server::Server;

/// A line for each URL of each enabled mirror, in columns with tabs between them.
pub(super) fn lines(mirrors: &[Server], with_protocol: bool) -> Vec<String> {
    let enabled = mirrors.iter().filter(|mirror| mirror.enabled);
    let lines = enabled.flat_map(|mirror| {
        let urls = [
            ("http", &mirror.baseurl),
            ("ftp", &mirror.baseurl_ftp),
            ("rsync", &mirror.baseurl_rsync),
        ];
        let given = urls.into_iter().filter(|(_, url)| !url.is_empty());
        given.map(move |(protocol, url)| {
            let protocol = match with_protocol {
                true => format!("{protocol}\t"),
                false => String::new(),
            };
            // A tab or a line feed in a value would begin another column or line.
            let [country, url, email] = [&mirror.country, url, &mirror.admin_email]
                .map(|text| text.replace(char::is_control, " "));
            format!("{protocol}{country}\t{url}\t{email}")
        })
    });
    lines.collect()
}
