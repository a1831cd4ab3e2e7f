//! The directives: those of mod_autoindex, with their contexts and words.

use crate::AutoindexMb;
use crate::config::DirectoryConfig;
use crate::patterns::{By, Choice, Description, Ignored};
use crate::query::{Direction, Key};
use apache::{Args, Command, Context, Directive, SetResult, Setter};
use std::ffi::{CStr, CString};
use std::sync::Arc;

type Set = fn(&mut DirectoryConfig, &Command<'_>, &[&CStr]) -> SetResult;

/// First and second argument; the number was checked by httpd.
fn two<'a>(args: &[&'a CStr]) -> (&'a CStr, &'a CStr) {
    match args {
        [first, second, ..] => (first, second),
        [first] => (first, c""),
        [] => (c"", c""),
    }
}

fn one<'a>(args: &[&'a CStr]) -> &'a CStr {
    args.first().copied().unwrap_or(c"")
}

fn add_icon(
    by: By,
    directory: &mut DirectoryConfig,
    command: &Command<'_>,
    args: &[&CStr],
) -> SetResult {
    let (icon, to) = two(args);
    let mut icon = icon.to_bytes();
    // (TXT,/icons/text.gif): the text for browsers without pictures in front of the icon.
    if let [b'(', rest @ ..] = icon {
        let Some(close) = rest.iter().position(|&b| b == b')') else {
            return Err("missing closing paren".to_owned());
        };
        let comma = rest.iter().position(|&b| b == b',').unwrap_or(rest.len());
        let (text, _) = rest.split_at(comma);
        let text = Choice::new(by, command.path(), to, text);
        directory.texts.push(text);
        let mut start = comma;
        while rest.get(start) == Some(&b',') {
            start += 1;
        }
        icon = rest.get(start..close).unwrap_or(b"");
    }
    let icon = Choice::new(by, command.path(), to, icon);
    directory.icons.push(icon);
    Ok(())
}

fn add_text(
    by: By,
    directory: &mut DirectoryConfig,
    command: &Command<'_>,
    args: &[&CStr],
) -> SetResult {
    let (text, to) = two(args);
    let text = Choice::new(by, command.path(), to, text.to_bytes());
    directory.texts.push(text);
    Ok(())
}

fn add_description(
    directory: &mut DirectoryConfig,
    _command: &Command<'_>,
    args: &[&CStr],
) -> SetResult {
    let (text, to) = two(args);
    let description = Description::new(to, text.to_bytes());
    directory.descriptions.push(description);
    Ok(())
}

fn index_ignore(
    directory: &mut DirectoryConfig,
    command: &Command<'_>,
    args: &[&CStr],
) -> SetResult {
    let ignored = Ignored::new(command.path(), one(args));
    directory.ignored.push(ignored);
    Ok(())
}

fn index_ignore_reset(
    directory: &mut DirectoryConfig,
    _command: &Command<'_>,
    on: bool,
) -> SetResult {
    directory.ignore_afresh = on;
    Ok(())
}

fn forbidden_is_404(
    directory: &mut DirectoryConfig,
    _command: &Command<'_>,
    on: bool,
) -> SetResult {
    directory.forbidden_is_404 = Some(on);
    Ok(())
}

fn index_options(
    directory: &mut DirectoryConfig,
    _command: &Command<'_>,
    args: &[&CStr],
) -> SetResult {
    directory
        .options
        .read(args.iter().map(|word| word.to_bytes()))
}

fn index_order_default(
    directory: &mut DirectoryConfig,
    _command: &Command<'_>,
    args: &[&CStr],
) -> SetResult {
    let (direction, key) = two(args);
    let is = |word: &CStr, name: &str| word.to_bytes().eq_ignore_ascii_case(name.as_bytes());
    directory.direction = Some(match direction {
        word if is(word, "Ascending") => Direction::Ascending,
        word if is(word, "Descending") => Direction::Descending,
        _ => return Err("First keyword must be 'Ascending' or 'Descending'".to_owned()),
    });
    directory.key = Some(match key {
        word if is(word, "Name") => Key::Name,
        word if is(word, "Date") => Key::LastModified,
        word if is(word, "Size") => Key::Size,
        word if is(word, "Description") => Key::Description,
        _ => {
            let problem = "Second keyword must be 'Name', 'Date', 'Size', or 'Description'";
            return Err(problem.to_owned());
        }
    });
    Ok(())
}

/// The help text is the answer, as for every directive that is gone.
fn fancy_indexing(_: &mut DirectoryConfig, _: &Command<'_>, _: &[&CStr]) -> SetResult {
    Err(FANCY_INDEXING_IS_GONE.to_string_lossy().into_owned())
}

const FANCY_INDEXING_IS_GONE: &CStr =
    c"The FancyIndexing directive is no longer supported. Use IndexOptions FancyIndexing.";

fn text(args: &[&CStr]) -> Option<Arc<CStr>> {
    Some(CString::from(one(args)).into_boxed_c_str().into())
}

const fn directive(
    name: &'static CStr,
    args: Args,
    set: Set,
    help: &'static CStr,
) -> Directive<AutoindexMb> {
    Directive::new(name, Context::INDEXES, args, Setter::Directory(set), help)
}

/// All directives.
pub const DIRECTIVES: &[Directive<AutoindexMb>] = &[
    directive(
        c"AddIcon",
        Args::Iterate2,
        |directory, command, args| add_icon(By::Path, directory, command, args),
        c"an icon URL followed by one or more filenames",
    ),
    directive(
        c"AddIconByType",
        Args::Iterate2,
        |directory, command, args| add_icon(By::Type, directory, command, args),
        c"an icon URL followed by one or more MIME types",
    ),
    directive(
        c"AddIconByEncoding",
        Args::Iterate2,
        |directory, command, args| add_icon(By::Encoding, directory, command, args),
        c"an icon URL followed by one or more content encodings",
    ),
    directive(
        c"AddAlt",
        Args::Iterate2,
        |directory, command, args| add_text(By::Path, directory, command, args),
        c"alternate descriptive text followed by one or more filenames",
    ),
    directive(
        c"AddAltByType",
        Args::Iterate2,
        |directory, command, args| add_text(By::Type, directory, command, args),
        c"alternate descriptive text followed by one or more MIME types",
    ),
    directive(
        c"AddAltByEncoding",
        Args::Iterate2,
        |directory, command, args| add_text(By::Encoding, directory, command, args),
        c"alternate descriptive text followed by one or more content encodings",
    ),
    directive(
        c"AddDescription",
        Args::Iterate2,
        add_description,
        c"Descriptive text followed by one or more filenames",
    ),
    directive(
        c"DefaultIcon",
        Args::One,
        |directory, _, args| {
            directory.default_icon = text(args);
            Ok(())
        },
        c"an icon URL",
    ),
    Directive::new(
        c"FancyIndexing",
        Context::ALL,
        Args::Raw,
        Setter::Directory(fancy_indexing),
        FANCY_INDEXING_IS_GONE,
    ),
    directive(
        c"HeaderName",
        Args::One,
        |directory, _, args| {
            directory.header = text(args);
            Ok(())
        },
        c"a filename",
    ),
    Directive::new(
        c"IndexForbiddenReturn404",
        Context::INDEXES,
        Args::Flag,
        Setter::DirectoryFlag(forbidden_is_404),
        c"Return 404 in place of 403 when directory listing is forbidden",
    ),
    directive(
        c"IndexHeadInsert",
        Args::One,
        |directory, _, args| {
            directory.head_insert = text(args);
            Ok(())
        },
        c"String to insert in HTML HEAD section",
    ),
    directive(
        c"IndexIgnore",
        Args::Iterate,
        index_ignore,
        c"one or more file extensions",
    ),
    Directive::new(
        c"IndexIgnoreReset",
        Context::INDEXES,
        Args::Flag,
        Setter::DirectoryFlag(index_ignore_reset),
        c"Reset the inherited list of IndexIgnore filenames",
    ),
    directive(
        c"IndexOptions",
        Args::All,
        index_options,
        c"one or more index options [+|-][]",
    ),
    directive(
        c"IndexOrderDefault",
        Args::Two,
        index_order_default,
        c"{Ascending,Descending} {Name,Size,Description,Date}",
    ),
    directive(
        c"IndexStyleSheet",
        Args::One,
        |directory, _, args| {
            directory.style_sheet = text(args);
            Ok(())
        },
        c"URL to style sheet",
    ),
    directive(
        c"ReadmeName",
        Args::One,
        |directory, _, args| {
            directory.readme = text(args);
            Ok(())
        },
        c"a filename",
    ),
];
