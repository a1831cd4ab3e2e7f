//! Many names in one piece of memory.

/// Names, one after the other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    text: String,
    ends: Vec<u32>,
}

impl Names {
    /// Adds one.
    pub fn push(&mut self, name: &str) {
        self.text.push_str(name);
        self.ends
            .push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let starts = [0].into_iter().chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| {
            let range = usize::try_from(start).unwrap_or(0)..usize::try_from(*end).unwrap_or(0);
            self.text.get(range).unwrap_or_default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_out_as_they_went_in() {
        let mut names = Names::default();
        for name in ["a", "", "größe", "b"] {
            names.push(name);
        }
        assert_eq!(names.iter().collect::<Vec<_>>(), ["a", "", "größe", "b"]);
        assert_eq!(names.len(), 4);
        assert_eq!(Names::default().iter().count(), 0);
    }
}
