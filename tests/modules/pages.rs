//! Pages for people, as the shipped configuration makes them: judged by the Nu Html Checker and by
//! axe, as wide as a phone and a screen, light and dark.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use harness::command::{find, run};
use harness::http::Response;
use harness::httpd::Httpd;
use harness::site::{Mirror, Site};
use harness::sums::Sums;
use harness::workspace;
use scraper::{Html, Selector};

use crate::autoindex::browser::{Scheme, probe_as};

/// A client with a place, so that there is a map and distances.
const BERLIN: &[(&str, &str)] = &[
    ("X-Test-Addr", "198.51.100.7"),
    ("X-Test-Country", "DE"),
    ("X-Test-Continent", "EU"),
    ("X-Test-Lat", "52.5"),
    ("X-Test-Lng", "13.4"),
];

/// Has axe look at the page that it stands in, and measures that.
const PROBE: &str = r#"
<script src="/axe.min.js"></script>
<script>
addEventListener("load", async () => {
    const body = parent.document.body.dataset;
    body.width = document.documentElement.scrollWidth;
    body.height = document.documentElement.scrollHeight;
    body.shown = document.documentElement.clientWidth;
    body.dark = matchMedia("(prefers-color-scheme: dark)").matches;
    const { violations } = await axe.run();
    const text = ({ id, nodes }) => id + ": " + nodes.map((node) => node.html).join(" | ");
    body.violations = violations.map(text).join("\n");
});
</script>
"#;

/// The same page as a phone shows it. Chromium has no window that is so narrow.
const PHONE: &str = r#"<!DOCTYPE html><title>phone</title>
<iframe src="checked.html" width="360" height="800" style="border: 0"></iframe>"#;

/// What `tools/setup.sh` installs with npm.
fn checker(path: &str) -> PathBuf {
    let file = workspace()
        .join("tests/modules/web/node_modules")
        .join(path);
    assert!(file.is_file(), "{}: run tools/setup.sh", file.display());
    file
}

/// A file on 40 mirrors, one on none, and directories to list.
fn site(name: &str) -> Httpd {
    let content = [7; 300_000];
    let names = (0..40).map(|n| format!("mirror{n}"));
    let mut site = Site::new(name).shipped();
    for (n, name) in names.enumerate() {
        let (region, country) = match n {
            0..3 => ("eu", "de"),
            3..20 => ("eu", "fr"),
            _ => ("na", "us"),
        };
        let mut mirror = Mirror::new(&name, region, country);
        mirror.place = Some((40.0 + n as f32 / 10.0, n as f32));
        site = site.mirror(&mirror);
    }
    let sums = Sums::of(b"orange-1.0.iso", &content).with_zsync(&content);
    site.file("files/orange-1.0.iso", &content)
        .sums("files/orange-1.0.iso", content.len(), &sums)
        .local("files/none.iso", &content)
        .local("files/a & b's <i>notes</i>.txt", b"text")
        .local("files/SHA256SUMS", b"text")
        .local("files/dir/inside", b"text")
        .sql("UPDATE server SET operator_name = 'Universität <i>X</i> & Söhne', operator_url = 'http://www.example.org/'")
        .httpd(|builder| {
            fs::copy(checker("axe-core/axe.min.js"), builder.tree().join("axe.min.js")).expect("axe");
            builder.stock(&["alias"]).ours(&["autoindex_mb"])
        })
        .config(&format!(
            "Define MB_SHARE \"{share}\"\nInclude \"{conf}\"\n\
             MirrorBrainTorrentTrackerURL http://bt.example.org/announce\n\
             <FilesMatch \"^(checked|phone|axe)\">\nMirrorBrainEngine Off\n</FilesMatch>",
            share = workspace().join("share").display(),
            conf = workspace().join("httpd-conf/autoindex.conf").display(),
        ))
        .start()
        .0
}

/// The pages: what they are, and how they are reached.
fn pages(httpd: &Httpd) -> Vec<(&'static str, Response)> {
    let paths = [
        ("list", "/files/orange-1.0.iso.mirrorlist"),
        ("none", "/files/none.iso.mirrorlist"),
        ("directory", "/files/"),
        ("sorted", "/files/?C=S;O=D"),
        ("preformatted", "/files/?F=1"),
        ("names", "/files/?F=0"),
    ];
    let get = |(name, path)| {
        let answer = httpd.get_with(path, BERLIN);
        assert_eq!(answer.status, 200, "{path}");
        (name, answer)
    };
    paths.map(get).into()
}

#[test]
fn pages_are_valid() {
    let httpd = site("pages_valid");
    let dir = harness::temp_dir("pages");
    let files = pages(&httpd).into_iter().map(|(name, answer)| {
        let file = dir.path().join(format!("{name}.html"));
        fs::write(&file, answer.body).expect("a page");
        file
    });
    check("--html", &files.collect::<Vec<_>>());
}

#[test]
fn style_sheet_and_icons_of_listings_are_valid() {
    let share = workspace().join("share/listing");
    check("--css", &[share.join("listing.css")]);
    let mut icons = 0;
    for entry in fs::read_dir(share).expect("share/listing") {
        let file = entry.expect("a file").path();
        if file.extension().is_some_and(|extension| extension == "svg") {
            let text = fs::read_to_string(&file).expect("an icon");
            roxmltree::Document::parse(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
            icons += 1;
        }
    }
    assert!(icons > 5);
}

/// Has the Nu Html Checker judge files, which may not even be warned of.
#[track_caller]
fn check(kind: &str, files: &[PathBuf]) {
    let output = Command::new(find("java").expect("java is installed"))
        .arg("-jar")
        .arg(checker("vnu-jar/build/dist/vnu.jar"))
        .args(["--stdout", "--format", "gnu", kind])
        .args(files)
        .output()
        .expect("the checker");
    let said = String::from_utf8_lossy(&output.stdout);
    let problems = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && said.is_empty(),
        "{said}{problems}"
    );
}

#[test]
fn pages_are_for_everybody_on_every_screen() {
    let httpd = site("pages_axe");
    fs::write(httpd.tree().join("files/phone.html"), PHONE).expect("a page");
    for (name, answer) in pages(&httpd) {
        let page = answer.text().replace("</body>", &format!("{PROBE}</body>"));
        fs::write(httpd.tree().join("files/checked.html"), page).expect("a page");
        for (file, scheme) in [
            ("checked.html", Scheme::Light),
            ("phone.html", Scheme::Light),
            ("phone.html", Scheme::Dark),
        ] {
            let look = format!("{name} in {file}, {scheme:?}");
            let shown = probe_as(&httpd.url(&format!("/files/{file}")), scheme);
            assert_eq!(shown("violations"), "", "{look}");
            assert_eq!(
                shown("dark"),
                (scheme == Scheme::Dark).to_string(),
                "{look}"
            );
            assert_eq!(shown("width"), shown("shown"), "{look}");
            let height: u32 = shown("height").parse().expect("a height");
            println!("{look}: {height} pixels high");
            assert!(height < 3500, "{look}: {height}");
        }
    }
}

#[test]
fn robots_are_told_which_links_are_none_of_theirs() {
    let httpd = site("pages_robots");
    let selector = Selector::parse("a:not([rel=nofollow])").expect("selector");
    let mut followed = String::new();
    for (name, answer) in pages(&httpd) {
        let page = answer.text();
        let page = Html::parse_document(&page);
        let links = page.select(&selector).filter_map(|a| a.attr("href"));
        let _ = writeln!(followed, "{name}: {}", links.collect::<Vec<_>>().join(" "));
    }
    for listing in ["directory", "preformatted", "names"] {
        let line = followed.lines().find(|line| line.starts_with(listing));
        let links = line.unwrap_or_default();
        assert!(
            !links.contains(".meta4") && !links.contains(".mirrorlist") && !links.contains("?C="),
            "{links}"
        );
        assert!(links.contains("orange-1.0.iso"), "{links}");
    }
    let list = followed.lines().find(|line| line.starts_with("list"));
    assert_eq!(list, Some("list: "));
    let robots = fs::read_to_string(workspace().join("share/robots.txt")).expect("robots.txt");
    let documents = [
        "mirrorlist",
        "meta4",
        "metalink",
        "torrent",
        "zsync",
        "magnet",
        "md5",
        "sha1",
        "sha256",
        "btih",
    ];
    for document in documents {
        let rule = format!("Disallow: /*.{document}$\n");
        assert!(robots.contains(&rule), "{rule}");
    }
    assert!(robots.contains("Disallow: /*?\n"));
}

/// Names of the files that a command has put into a directory and those below.
fn fetched(mut command: Command) -> Vec<String> {
    let dir = harness::temp_dir("fetched");
    // Files are at mirrors that this test does not have: that much fails.
    command.current_dir(dir.path()).output().expect("a client");
    let list = run(Command::new("find")
        .arg(dir.path())
        .args(["-type", "f", "-printf", "%f\n"]));
    let mut names: Vec<_> = list.lines().map(str::to_owned).collect();
    names.sort();
    names
}

fn wget(arguments: &[&str], url: &str) -> Command {
    let mut command = Command::new("wget");
    command.args(["-q", "-r", "-np", "--max-redirect=0", "--tries=1"]);
    command.args(arguments).arg(url);
    command
}

/// As docs/autoindex.md tells their users.
#[test]
fn recursive_downloads_can_leave_documents_out() {
    let httpd = site("pages_recursive");
    let url = httpd.url("/files/");
    let names = fetched(wget(&[], &url));
    assert!(names.contains(&"none.iso.meta4".to_owned()), "{names:?}");
    assert!(names.contains(&"orange-1.0.iso.mirrorlist".to_owned()));
    // Pages of mirrors end the way.
    assert!(
        !names.iter().any(|name| name.ends_with(".torrent")),
        "{names:?}"
    );
    let text = fs::read_to_string(workspace().join("docs/autoindex.md")).expect("the page");
    let regex = r"\.(mirrorlist|meta4)$|\?";
    assert!(text.contains(&format!("wget -r -np --reject-regex '{regex}' ")));
    let names = fetched(wget(&["--reject-regex", regex], &url));
    assert_eq!(documents(&names), 0, "{names:?}");
    assert!(names.contains(&"SHA256SUMS".to_owned()), "{names:?}");
    let excluded = "-X *.mirrorlist -X *.meta4";
    assert!(text.contains(&format!("lftp -e 'mirror {excluded}; exit' ")));
    let mut lftp = Command::new("lftp");
    let script =
        format!("set net:max-retries 1; set xfer:max-redirections 0; mirror {excluded}; exit");
    lftp.args(["-e", &script, &url]);
    let names = fetched(lftp);
    assert_eq!(documents(&names), 0, "{names:?}");
    assert!(names.contains(&"SHA256SUMS".to_owned()), "{names:?}");
}

fn documents(names: &[String]) -> usize {
    let suffixes = [".meta4", ".mirrorlist"];
    let is_one = |name: &&String| suffixes.iter().any(|suffix| name.ends_with(suffix));
    names.iter().filter(is_one).count()
}
