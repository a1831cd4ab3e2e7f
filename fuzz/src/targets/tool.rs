//! What administrators write for `mb`: its configuration, and what comes back from their editor.

use super::fields;
use mb::commands::markers as marker_list;
use mb::mirror_text::{Text, to_edit};
use mirror_db::tables::filearr::PathPattern;
use mirror_db::tables::marker::Marker;
use mirror_db::tables::server::Server;
use site_config::SiteConfig;
use site_config::ini::Ini;

/// `mirrorbrain.conf`.
pub fn site_config(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let read = Ini::parse(&text);
    // A comment at the end says nothing.
    assert_eq!(Ini::parse(&format!("{text}\n# nothing")), read);
    let Ok(ini) = read else {
        assert!(SiteConfig::parse(&text).is_err());
        return;
    };
    for section in ini.sections() {
        assert!(ini.has_section(section));
        for (key, entry) in ini.entries(section) {
            assert_eq!(ini.get(section, key), Some(entry));
            let blank = |c: char| c == ' ' || c == '\t';
            assert_eq!(entry.value.trim_matches(blank), entry.value);
        }
    }
    let typed = SiteConfig::parse(&text);
    if let Ok(config) = &typed {
        assert!(!config.instances.is_empty());
        for instance in &config.instances {
            assert!(config.instance(Some(&instance.name)).is_ok());
        }
    }
    hides_the_password(&text);
}

/// What is shown is the same with any password.
fn hides_the_password(text: &str) {
    let shown = |password: &str| {
        let file = format!(
            "[general]\ninstances=a\n[a]\ndbuser=u\ndbhost=h\ndbname=n\ndbpass={password}\n{text}"
        );
        match SiteConfig::parse(&file) {
            Ok(config) => format!("{config:?}"),
            Err(error) => error.to_string(),
        }
    };
    assert_eq!(shown("secret"), shown("hidden"));
}

/// The text of a mirror: first any, then that of any mirror, which must come back as it was.
pub fn edited(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    if let Ok(read) = Text::parse(&text) {
        assert!(read.values.values().all(|value| value.trim() == value));
    }
    let mut fields = fields(input).map(|field| String::from_utf8_lossy(field).into_owned());
    let mut next = || fields.next().unwrap_or_default();
    let mirror = Server {
        operator_name: next(),
        baseurl: next(),
        public_notes: next(),
        admin_email: next(),
        comment: next(),
        ..Server::default()
    };
    let read = Text::parse(&to_edit(&mirror)).expect("a text of our own");
    let value = |name: &str| read.values.get(name).map(String::as_str);
    // A carriage return before a line feed is one line feed for editors.
    let plain = |text: &str| !text.contains('\r');
    for (name, written) in [
        ("operatorName", &mirror.operator_name),
        ("baseurl", &mirror.baseurl),
        ("publicNotes", &mirror.public_notes),
        ("adminEmail", &mirror.admin_email),
    ] {
        if plain(written) {
            assert_eq!(value(name), Some(written.trim()), "{name}");
        }
    }
    assert_eq!(read.comment, Some(mirror.comment));
}

/// The markers, and the patterns in them.
pub fn markers(input: &[u8]) {
    let mut parts = fields(input).map(String::from_utf8_lossy);
    let text = parts.next().unwrap_or_default();
    let delimiter = parts.next().unwrap_or_default();
    let delimiter = match delimiter.trim() {
        "" => "|",
        given => given,
    };
    let Ok(markers) = marker_list::parse(&text, delimiter) else {
        return;
    };
    for marker in &markers {
        assert!(!marker.subtree_name.is_empty());
        for file in &marker.files {
            match PathPattern::parse(file) {
                PathPattern::Exact(path) => assert_eq!(&path, file),
                PathPattern::Like(pattern) => assert!(!pattern.contains('*')),
            }
        }
    }
    // What is written is read again, but for names that run into the delimiter.
    let readable = |marker: &&Marker| marker_list::is_readable(marker, delimiter);
    let markers: Vec<Marker> = markers.iter().filter(readable).cloned().collect();
    let written = marker_list::text(&markers, delimiter);
    assert_eq!(
        marker_list::parse(&written, delimiter).as_ref(),
        Ok(&markers)
    );
}
