//! The order of a listing's lines.

use crate::entry::Entry;
use crate::options::Flags;
use crate::query::{Direction, Key, View};
use std::cmp::Ordering;
use std::ffi::{CStr, CString};

/// The entries in the order the view asks for.
pub fn sorted<'e, 'r>(entries: &'e [Entry<'r>], view: &View<'_>) -> Vec<&'e Entry<'r>> {
    let by_bytes = !view.flags.has(Flags::VERSION_SORT.with(Flags::IGNORE_CASE));
    if by_bytes && (view.key == Key::Name || !view.has_columns()) {
        return by_name_alone(entries, view.direction);
    }
    let mut sorted: Vec<_> = entries.iter().collect();
    if view.flags.has(Flags::VERSION_SORT) {
        let mut spare = Vec::with_capacity(sorted.len());
        merge_sort(&mut sorted, &mut spare, &|a, b| compare(a, b, view));
    } else {
        sorted.sort_by(|a, b| compare(a, b, view));
    }
    sorted
}

/// The same as [`compare`] for the commonest order. Most names differ in the first bytes behind
/// what all have in common, and a number is quicker to compare than a name.
fn by_name_alone<'e, 'r>(entries: &'e [Entry<'r>], direction: Direction) -> Vec<&'e Entry<'r>> {
    let common = common_prefix(entries.iter().filter(|e| !e.is_parent()));
    let mut keyed: Vec<_> = entries
        .iter()
        .map(|entry| {
            let rest = entry.name.to_bytes().get(common..).unwrap_or(b"");
            // Names have no NUL: a shorter one comes first, as it does among names.
            let mut start = [0; 8];
            for (to, from) in start.iter_mut().zip(rest) {
                *to = *from;
            }
            (u64::from_be_bytes(start), entry)
        })
        .collect();
    let place = |entry: &Entry<'_>| (!entry.is_parent(), !entry.first);
    keyed.sort_unstable_by(|(a_start, a), (b_start, b)| {
        let names = a_start.cmp(b_start).then_with(|| a.name.cmp(b.name));
        place(a).cmp(&place(b)).then(match direction {
            Direction::Ascending => names,
            Direction::Descending => names.reverse(),
        })
    });
    keyed.into_iter().map(|(_, entry)| entry).collect()
}

/// How many bytes all names begin with alike.
fn common_prefix<'e, 'r: 'e>(entries: impl Iterator<Item = &'e Entry<'r>>) -> usize {
    let mut names = entries.map(|entry| entry.name.to_bytes());
    let first = names.next().unwrap_or_default();
    names.fold(first.len(), |common, name| {
        let pairs = first.iter().zip(name).take(common);
        pairs.take_while(|(a, b)| a == b).count()
    })
}

fn compare(a: &Entry<'_>, b: &Entry<'_>, view: &View<'_>) -> Ordering {
    // The way up is first, then what FoldersFirst puts there, in either direction.
    let fixed = b
        .is_parent()
        .cmp(&a.is_parent())
        .then(b.first.cmp(&a.first));
    fixed.then_with(|| match view.direction {
        Direction::Ascending => by_key(a, b, view),
        Direction::Descending => by_key(b, a, view),
    })
}

fn by_key(a: &Entry<'_>, b: &Entry<'_>, view: &View<'_>) -> Ordering {
    let order = match view.key {
        // A plain list shows names only, and is sorted by them.
        _ if !view.has_columns() => Ordering::Equal,
        Key::Name => Ordering::Equal,
        Key::LastModified => a.modified.cmp(&b.modified),
        Key::Size => a.size.cmp(&b.size),
        Key::Description => by_description(a, b, view.flags),
    };
    order.then_with(|| by_name(a.name, b.name, view.flags))
}

fn by_description(a: &Entry<'_>, b: &Entry<'_>, flags: Flags) -> Ordering {
    let (a, b) = (a.description(), b.description());
    if !flags.has(Flags::VERSION_SORT) {
        return a.cmp(b);
    }
    let (a, b) = (CString::new(a), CString::new(b));
    // IgnoreCase is about names.
    apache::natural_order(&a.unwrap_or_default(), &b.unwrap_or_default(), false)
}

fn by_name(a: &CStr, b: &CStr, flags: Flags) -> Ordering {
    let ignore_case = flags.has(Flags::IGNORE_CASE);
    let version = if flags.has(Flags::VERSION_SORT) {
        apache::natural_order(a, b, ignore_case)
    } else {
        Ordering::Equal
    };
    let letters = || {
        if !ignore_case {
            return Ordering::Equal;
        }
        let lower = |byte: &u8| byte.to_ascii_lowercase();
        let (a, b) = (a.to_bytes().iter(), b.to_bytes().iter());
        a.map(lower).cmp(b.map(lower))
    };
    version.then_with(letters).then_with(|| a.cmp(b))
}

/// A merge sort that halves as the C library's qsort does.
///
/// The order of names with numbers is not transitive for some names with leading zeros, so
/// that the result depends on the steps of the sort; and the standard library may panic on
/// such an order.
fn merge_sort<T: Copy>(items: &mut [T], spare: &mut Vec<T>, compare: &impl Fn(&T, &T) -> Ordering) {
    if items.len() < 2 {
        return;
    }
    let (left, right) = items.split_at_mut(items.len() / 2);
    merge_sort(left, spare, compare);
    merge_sort(right, spare, compare);
    spare.clear();
    let (mut left, mut right) = (left.iter().peekable(), right.iter().peekable());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let from = if compare(a, b).is_gt() {
            &mut right
        } else {
            &mut left
        };
        spare.extend(from.next());
    }
    spare.extend(left);
    spare.extend(right);
    items.copy_from_slice(spare);
}
