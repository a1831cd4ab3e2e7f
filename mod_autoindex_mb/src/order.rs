//! The order of a listing's lines.

use crate::entry::Entry;
use crate::options::Flags;
use crate::query::{Direction, Key, View};
use std::cmp::Ordering;
use std::ffi::{CStr, CString};

/// Sorts the entries as the view asks for.
pub fn sort(entries: &mut Vec<Entry<'_>>, view: &View<'_>) {
    merge_sort(entries, &|a, b| compare(a, b, view));
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
    order.then_with(|| by_name(&a.name, &b.name, view.flags))
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
        let lower = |name: &CStr| name.to_bytes().to_ascii_lowercase();
        lower(a).cmp(&lower(b))
    };
    version.then_with(letters).then_with(|| a.cmp(b))
}

/// A merge sort that halves as the C library's qsort does.
///
/// The order of names with numbers is not transitive for some names with leading zeros, so
/// that the result depends on the steps of the sort; and the standard library may panic on
/// such an order.
fn merge_sort<T>(items: &mut Vec<T>, compare: &impl Fn(&T, &T) -> Ordering) {
    if items.len() < 2 {
        return;
    }
    let mut right = items.split_off(items.len() / 2);
    let mut left = std::mem::take(items);
    merge_sort(&mut left, compare);
    merge_sort(&mut right, compare);
    items.reserve(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let from = if compare(a, b).is_gt() {
            &mut right
        } else {
            &mut left
        };
        items.extend(from.next());
    }
    items.extend(left);
    items.extend(right);
}
