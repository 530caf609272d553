//! Is it bad news, and for whom among the parties named.
//!
//! In: a folded text and the folded names of the parties. Out: whether the news is bad, and for each party
//! whether it is bad for it. Two models: `target` reads the text; `whom` reads one party in its text: the
//! words around it, where it stands, its name, and how its name lies within other names. Never fails once
//! loaded; says nothing of parties when the news is not bad.

use super::model::{Grams, Model, ModelError, NamedKey, named_key};

/// Values of features that say where and how a name stands, against 1 for a word nearby. With the rarity of
/// common features near 1 and of words near 8 they weigh alike.
const PLACE: f32 = 10.0;
const NAME: f32 = 2.0;
/// Characters looked at on either side of a name.
const AROUND: usize = 12;
/// Occurrences of a name that are looked at.
const MOST_PLACES: usize = 6;

/// How far a party must lean to the bad. Of 0, 0.3, 0.45, 0.6 and 0.8 cross-validation found 0.3 best.
const LEAST_LEAN: f32 = 0.3;

/// Judges for whom news is bad.
pub struct TargetJudge {
    bad: Model,
    whom: Model,
}

/// The judgement on a text.
#[derive(Clone, Debug, PartialEq)]
pub struct BadNews {
    /// Whether the news is bad for any of the parties.
    pub is_bad: bool,
    /// 0 to 1.
    pub probability: f32,
    /// Each party in the order given: is it bad for it.
    pub whom: Vec<bool>,
}

impl TargetJudge {
    /// Reads the two model files (`target`, `whom`).
    ///
    /// # Errors
    /// [`ModelError`] naming the file.
    pub fn load(bad: &[u8], whom: &[u8]) -> Result<Self, ModelError> {
        Ok(Self { bad: Model::load("target", bad)?, whom: Model::load("whom", whom)? })
    }

    /// A judge of models at hand.
    #[must_use]
    pub fn of(bad: Model, whom: Model) -> Self {
        Self { bad, whom }
    }

    /// Judges a folded text and the parties named in it.
    #[must_use]
    pub fn judge(&self, text: &str, parties: &[&str]) -> BadNews {
        let grams = Grams::of("", text, self.bad.spec());
        let margins = self.bad.score(&grams).margins;
        let shares = self.bad.probabilities(&margins);
        let bad = self.bad.labels().iter().position(|l| l == "bad").unwrap_or(0);
        let probability = shares[bad];
        if probability < 0.5 || parties.is_empty() {
            return BadNews { is_bad: false, probability, whom: vec![false; parties.len()] };
        }
        let leaning: Vec<f32> = party_features(text, parties)
            .into_iter()
            .map(|features| self.lean(&features))
            .collect();
        BadNews { is_bad: true, probability, whom: chosen(&leaning, parties) }
    }

    fn lean(&self, features: &[(u32, f32)]) -> f32 {
        let margins = self.whom.score_counted(features.iter().copied()).margins;
        let bad = self.whom.labels().iter().position(|l| l == "bad").unwrap_or(0);
        margins[bad] - margins[1 - bad]
    }
}

/// Those that lean clearly to the bad; the one that leans most when none does. A name given twice is one party.
#[must_use]
pub fn chosen(leaning: &[f32], parties: &[&str]) -> Vec<bool> {
    let top = leaning.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let least = top.min(LEAST_LEAN);
    parties
        .iter()
        .map(|name| {
            leaning.iter().zip(parties).any(|(lean, other)| other == name && *lean >= least)
        })
        .collect()
}

/// Features of each party: key and value, ascending by key.
#[must_use]
pub fn party_features(text: &str, parties: &[&str]) -> Vec<Vec<(u32, f32)>> {
    let chars: Vec<char> = text.chars().collect();
    let names: Vec<Vec<char>> = parties.iter().map(|p| p.chars().collect()).collect();
    let places: Vec<Vec<usize>> = names.iter().map(|n| places_of(&chars, n)).collect();
    (0..parties.len())
        .map(|at| {
            let mut bag = Bag { features: Vec::new() };
            let here = Party { at, chars: &chars, names: &names, places: &places };
            here.name(&mut bag);
            here.relations(&mut bag);
            here.surroundings(&mut bag);
            bag.finish()
        })
        .collect()
}

struct Bag {
    features: Vec<(u32, f32)>,
}

impl Bag {
    fn add(&mut self, name: &str, value: f32) {
        self.features.push((named_key(name), value));
    }

    /// The feature called `name` and then `run`, as [`add`](Self::add) would name it.
    fn add_run(&mut self, name: &str, run: &[char], value: f32) {
        let mut bytes = [0; 4];
        let mut key = NamedKey::begin(name);
        run.iter().for_each(|c| key.add(c.encode_utf8(&mut bytes)));
        self.features.push((key.end(), value));
    }

    fn finish(mut self) -> Vec<(u32, f32)> {
        self.features.sort_by_key(|f| f.0);
        // the value of the first of equals: a word nearby counts once
        self.features.dedup_by_key(|f| f.0);
        self.features
    }
}

struct Party<'a> {
    at: usize,
    chars: &'a [char],
    names: &'a [Vec<char>],
    places: &'a [Vec<usize>],
}

impl Party<'_> {
    fn name(&self, bag: &mut Bag) {
        let name = &self.names[self.at];
        bag.add_run("is ", name, 2.0 * NAME);
        for size in 1..=3 {
            for run in name.windows(size) {
                bag.add_run("has ", run, 0.5 * NAME);
            }
            bag.add_run("ends ", &name[name.len().saturating_sub(size)..], NAME);
        }
        bag.add(&format!("long {}", name.len().min(12) / 2), 0.3 * PLACE);
    }

    /// How the name lies within, around and before the other names.
    fn relations(&self, bag: &mut Bag) {
        let mine = &self.names[self.at];
        let found = !self.places[self.at].is_empty();
        let alone = self.places[self.at].iter().filter(|p| !self.within_longer(**p)).count();
        let others = || self.names.iter().enumerate().filter(|(_, n)| *n != mine);
        let longer = others().any(|(o, n)| contains(n, mine) && !self.places[o].is_empty());
        let longer_absent = others().any(|(o, n)| contains(n, mine) && self.places[o].is_empty());
        let shorter = others().any(|(_, n)| contains(mine, n));
        let first = |at: usize| self.places[at].first().copied().unwrap_or(usize::MAX);
        let earlier = others().filter(|(o, _)| first(*o) < first(self.at)).count();
        let count = others().map(|(_, n)| n).collect::<std::collections::BTreeSet<_>>().len() + 1;
        let most = self.places.iter().map(Vec::len).max().unwrap_or_default();
        let is_most = found && self.places[self.at].len() == most;
        bag.add(&format!("found {found} alone {} longer {longer}", alone.min(2)), PLACE);
        bag.add(&format!("found {found} shorter {shorter}"), PLACE);
        bag.add(&format!("found {found} longer absent {longer_absent}"), 0.5 * PLACE);
        bag.add(&format!("alone {}", alone.min(4)), 0.5 * PLACE);
        bag.add(&format!("order {} of {}", earlier.min(3), count.min(4)), 0.7 * PLACE);
        bag.add(&format!("most {is_most} of {}", count.min(4)), 0.7 * PLACE);
        let start = first(self.at).min(self.chars.len());
        let tenth = start * 5 / self.chars.len().max(1);
        bag.add(&format!("place {tenth}"), 0.3 * PLACE);
    }

    fn within_longer(&self, place: usize) -> bool {
        let mine = &self.names[self.at];
        self.names.iter().zip(self.places).any(|(name, places)| {
            name.len() > mine.len()
                && places.iter().any(|p| *p <= place && place + mine.len() <= p + name.len())
        })
    }

    fn surroundings(&self, bag: &mut Bag) {
        let length = self.names[self.at].len();
        for &place in self.places[self.at].iter().take(MOST_PLACES) {
            let left = &self.chars[place.saturating_sub(AROUND)..place];
            let after = (place + length).min(self.chars.len());
            let right = &self.chars[after..(after + AROUND).min(self.chars.len())];
            for size in 1..=3 {
                for run in left.windows(size).chain(right.windows(size)) {
                    bag.add_run("near ", run, 0.7);
                }
                bag.add_run("before ", &left[left.len().saturating_sub(size)..], NAME);
                bag.add_run("after ", &right[..size.min(right.len())], NAME);
            }
            for run in left.windows(2) {
                bag.add_run("left ", run, 0.7);
            }
            for run in right.windows(2) {
                bag.add_run("right ", run, 0.7);
            }
        }
    }
}

fn contains(longer: &[char], shorter: &[char]) -> bool {
    longer.len() > shorter.len() && longer.windows(shorter.len().max(1)).any(|w| w == shorter)
}

fn places_of(chars: &[char], name: &[char]) -> Vec<usize> {
    if name.is_empty() || name.len() > chars.len() {
        return Vec::new();
    }
    (0..=chars.len() - name.len()).filter(|at| chars[*at..*at + name.len()] == *name).collect()
}
