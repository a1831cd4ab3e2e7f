//! Retries: what a client gets that asks for the same file again.

use super::FileRequest;
use crate::retry::Attempt;
use apache::Method;
use mirror_selection::Selection;
use representation::redirect::MAX_DUPLICATES;

impl FileRequest<'_> {
    /// The client's attempts to get the file; `None` if each request counts for itself.
    pub(super) fn attempt(&self, key: &[u8]) -> Option<Attempt<'_>> {
        let time = self.exchange.config.retry_time();
        let table = self.exchange.server.attempts.get().filter(|_| time > 0)?;
        let request = self.exchange.request;
        let agent = request.headers_in().get(c"User-Agent").unwrap_or_default();
        let who = (self.who.client.address?, agent.to_bytes(), key);
        Attempt::of(table, who, request.time(), time)
    }

    /// The selection with the mirror in front whose turn it is: one after the other, then the
    /// configured fallbacks. `None` if it is the turn of the file itself.
    pub(super) fn next_mirror<'a>(
        &'a self,
        attempt: Option<Attempt<'_>>,
        mut selection: Selection<'a>,
    ) -> Option<Selection<'a>> {
        let mirrors = selection.ranked().len().min(MAX_DUPLICATES);
        let Some(attempt) = attempt.filter(|_| mirrors > 0) else {
            return Some(selection);
        };
        let turn = attempt.turn(mirrors + 1, self.is_whole());
        if turn > 0 {
            self.step(|| format!("a retry: number {turn} of its order"));
        }
        if turn < mirrors {
            selection.put_first(turn);
            return Some(selection);
        }
        let size = self.file.size;
        self.exchange.fallbacks(Some(&selection), &self.who, size)
    }

    /// Whether the request is for the file, or for what an attempt left of it. Clients that load
    /// segments side by side say where each ends.
    fn is_whole(&self) -> bool {
        let request = self.exchange.request;
        let range = request.headers_in().get(c"Range");
        request.method() == Method::Get
            && range.is_none_or(|range| range.to_bytes().ends_with(b"-"))
    }
}
