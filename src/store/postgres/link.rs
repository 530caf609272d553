//! A session with a server as a connection of the store.
//!
//! In: statements in the store's dialect, cells. Out: counts and rows. A statement is prepared once a session; rows come in
//! pieces, so that a query of any size needs the memory of one. What breaks a session is remembered: it is not used again.

use std::cell::{Cell as Flag, RefCell};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::address::Address;
use super::trouble::Trouble;
use super::wire::{Wire, length, text};
use crate::store::sql::{Cell, Cells, Row, Sql};
use crate::store::{Result, StoreError};

/// How many rows the server makes before it waits for us.
const PIECE: i32 = 500;

/// A session that was used so lately is not asked whether it still stands.
const FRESH: Duration = Duration::from_secs(1);

/// Words of the store's dialect that are others here.
const WORDS: [(&str, &str); 2] =
    [("instr(", "strpos("), ("random()", "hashtextextended(gen_random_uuid()::text, 0)")];

/// What a column holds.
#[derive(Clone, Copy)]
enum Kind {
    Truth,
    Number,
    Text,
}

/// A statement the server has prepared.
struct Prepared {
    name: String,
    kinds: Arc<[Kind]>,
}

/// A connection.
pub(super) struct Link {
    address: Address,
    state: RefCell<State>,
    is_broken: Flag<bool>,
}

struct State {
    wire: Wire,
    prepared: HashMap<String, Prepared>,
    /// The name of the next statement to be prepared.
    next: String,
    /// Whether the answer to the last `Sync` was not heard yet.
    owed: bool,
    used: Instant,
}

impl Link {
    /// Calls the server and logs in.
    pub fn open(address: &Address) -> Result<Self> {
        let wire = Wire::open(address).map_err(|trouble| trouble.of(address))?;
        let state = State {
            wire,
            prepared: HashMap::new(),
            next: "s0".to_owned(),
            owed: false,
            used: Instant::now(),
        };
        Ok(Self {
            address: address.clone(),
            state: RefCell::new(state),
            is_broken: Flag::new(false),
        })
    }

    /// Whether the session is lost.
    pub fn is_broken(&self) -> bool {
        self.is_broken.get()
    }

    /// Whether the session still stands; asks the server where it was not heard for a while.
    pub fn still_stands(&self) -> bool {
        if self.state.borrow().used.elapsed() < FRESH {
            return !self.is_broken();
        }
        self.simple("").is_ok()
    }

    /// Waits without end for what is asked from now on.
    pub fn wait_for_ever(&self) -> Result<()> {
        self.with(|state| state.wire.wait_for_ever())
    }

    /// Runs statements without values, several in one call. Answers the last row, and the last statement's tag.
    pub fn simple(&self, sql: &str) -> Result<(Vec<String>, String)> {
        self.with(|state| state.simple(sql))
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> Result<T, Trouble>) -> Result<T> {
        let Ok(mut state) = self.state.try_borrow_mut() else {
            return Err(StoreError::Sql("a statement within the rows of another".to_owned()));
        };
        let done = work(&mut state);
        state.used = Instant::now();
        done.map_err(|trouble| {
            if trouble.is_end() {
                self.is_broken.set(true);
            }
            trouble.of(&self.address)
        })
    }
}

impl Sql for Link {
    fn execute(&self, sql: &str, cells: &[Cell<'_>]) -> Result<usize> {
        let tag = self.with(|state| state.ask(sql, cells, 0, &mut |_| true))?;
        Ok(tag.rsplit(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0))
    }

    fn each_row(
        &self,
        sql: &str,
        cells: &[Cell<'_>],
        each: &mut dyn FnMut(&Row<'_>) -> Result<bool>,
    ) -> Result<()> {
        let mut met = Ok(());
        self.with(|state| {
            state.ask(sql, cells, PIECE, &mut |row| match each(row) {
                Ok(more) => more,
                Err(error) => {
                    met = Err(error);
                    false
                }
            })
        })?;
        met
    }
}

impl State {
    fn simple(&mut self, sql: &str) -> Result<(Vec<String>, String), Trouble> {
        self.wire.say(b'Q', |body| text(body, sql));
        self.wire.send()?;
        self.settle()?;
        let (mut row, mut tag, mut refused) = (Vec::new(), String::new(), None);
        loop {
            match self.wire.hear()? {
                b'D' => row = texts(&self.wire.heard),
                b'C' => tag = tag_of(&self.wire.heard),
                b'E' => refused = Some(self.wire.refusal()),
                b'Z' => return refused.map_or(Ok((row, tag)), Err),
                _ => {}
            }
            if let Some(end) = refused.take_if(|refused| refused.is_end()) {
                return Err(end);
            }
        }
    }

    /// Asks, hands over the rows, and leaves the server ready for the next. Answers the statement's tag; none where
    /// `each` wanted no more.
    fn ask(
        &mut self,
        sql: &str,
        cells: &[Cell<'_>],
        piece: i32,
        each: &mut dyn FnMut(&Row<'_>) -> bool,
    ) -> Result<String, Trouble> {
        self.say(sql, cells, piece);
        self.wire.send()?;
        self.settle()?;
        let answered = self.answers(sql, piece, each);
        if answered.as_ref().is_err_and(Trouble::is_end) {
            return answered;
        }
        // What was not heard of the rows is passed over with the answer to this.
        self.wire.say(b'S', |_| ());
        self.wire.send()?;
        self.owed = true;
        answered
    }

    fn say(&mut self, sql: &str, cells: &[Cell<'_>], piece: i32) {
        let name = self.prepared.get(sql).map_or(&self.next, |known| &known.name);
        if !self.prepared.contains_key(sql) {
            let theirs = in_their_words(sql);
            self.wire.say(b'P', |body| {
                text(body, name);
                text(body, &theirs);
                body.extend_from_slice(&[0, 0]);
            });
            self.wire.say(b'D', |body| {
                body.push(b'S');
                text(body, name);
            });
        }
        self.wire.say(b'B', |body| {
            text(body, "");
            text(body, name);
            // All values as text, both ways.
            body.extend_from_slice(&[0, 0]);
            body.extend_from_slice(&length(cells.len())[2..]);
            cells.iter().for_each(|cell| value(body, *cell));
            body.extend_from_slice(&[0, 0]);
        });
        self.more(piece);
    }

    fn more(&mut self, piece: i32) {
        self.wire.say(b'E', |body| {
            text(body, "");
            body.extend_from_slice(&piece.to_be_bytes());
        });
        self.wire.say(b'H', |_| ());
    }

    fn answers(
        &mut self,
        sql: &str,
        piece: i32,
        each: &mut dyn FnMut(&Row<'_>) -> bool,
    ) -> Result<String, Trouble> {
        let mut places = Vec::new();
        let mut kinds = self.prepared.get(sql).map(|known| known.kinds.clone()).unwrap_or_default();
        loop {
            match self.wire.hear()? {
                answer @ (b'T' | b'n') => {
                    kinds =
                        if answer == b'T' { kinds_of(&self.wire.heard) } else { Arc::default() };
                    let name = format!("s{}", self.prepared.len() + 1);
                    let name = std::mem::replace(&mut self.next, name);
                    self.prepared.insert(sql.to_owned(), Prepared { name, kinds: kinds.clone() });
                }
                b'D' => {
                    find_cells(&self.wire.heard, &mut places);
                    let heard = &self.wire.heard;
                    if !each(&Answered { heard, places: &places, kinds: &kinds }) {
                        return Ok(String::new());
                    }
                }
                b's' => {
                    self.more(piece);
                    self.wire.send()?;
                }
                b'C' => return Ok(tag_of(&self.wire.heard)),
                b'E' => return Err(self.wire.refusal()),
                b'I' => return Ok(String::new()),
                _ => {}
            }
        }
    }

    /// Hears what was still owed of the last answer.
    fn settle(&mut self) -> Result<(), Trouble> {
        while self.owed {
            match self.wire.hear()? {
                b'Z' => self.owed = false,
                b'E' => return Err(self.wire.refusal()),
                _ => {}
            }
        }
        Ok(())
    }
}

/// The statement in the words of this database: `$1` for `?1`, and its names of functions.
fn in_their_words(sql: &str) -> String {
    let numbered = sql.replace('?', "$");
    WORDS.iter().fold(numbered, |sql, (ours, theirs)| sql.replace(ours, theirs))
}

fn value(body: &mut Vec<u8>, cell: Cell<'_>) {
    match cell {
        Cell::Null => body.extend_from_slice(&(-1_i32).to_be_bytes()),
        Cell::Int(n) => text_value(body, &n.to_string()),
        // No text here holds the character zero, which SQLite keeps; it goes as the sign for what cannot be shown.
        Cell::Text(text) if text.contains('\0') => {
            text_value(body, &text.replace('\0', "\u{FFFD}"))
        }
        Cell::Text(text) => text_value(body, text),
    }
}

fn text_value(body: &mut Vec<u8>, text: &str) {
    body.extend_from_slice(&length(text.len()));
    body.extend_from_slice(text.as_bytes());
}

/// A statement's tag, as `UPDATE 3`.
fn tag_of(heard: &[u8]) -> String {
    String::from_utf8_lossy(heard).trim_end_matches('\0').to_owned()
}

/// What the columns hold, by the numbers of their types.
fn kinds_of(heard: &[u8]) -> Arc<[Kind]> {
    let mut kinds = Vec::new();
    let mut rest = heard.get(2..).unwrap_or_default();
    while let Some(end) = rest.iter().position(|b| *b == 0) {
        let Some(about) = rest.get(end + 1..end + 19) else { break };
        let number = u32::from_be_bytes([about[6], about[7], about[8], about[9]]);
        kinds.push(match number {
            16 => Kind::Truth,
            // int8, int2, int4, numeric.
            20 | 21 | 23 | 1700 => Kind::Number,
            _ => Kind::Text,
        });
        rest = &rest[end + 19..];
    }
    kinds.into()
}

/// Where the values of a row stand: their first bytes and lengths; those that are nothing have none.
fn find_cells(heard: &[u8], places: &mut Vec<Option<(usize, usize)>>) {
    places.clear();
    let mut at = 2;
    while let Some(bytes) = heard.get(at..at + 4) {
        at += 4;
        let bytes = i32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        places.push(usize::try_from(bytes).ok().map(|bytes| (at, bytes)));
        at += usize::try_from(bytes).unwrap_or(0);
    }
}

fn texts(heard: &[u8]) -> Vec<String> {
    let mut places = Vec::new();
    find_cells(heard, &mut places);
    let text = |(at, bytes): (usize, usize)| heard.get(at..at + bytes).map(String::from_utf8_lossy);
    places.iter().map(|place| place.and_then(text).unwrap_or_default().into_owned()).collect()
}

/// A row as it was heard.
struct Answered<'a> {
    heard: &'a [u8],
    places: &'a [Option<(usize, usize)>],
    kinds: &'a [Kind],
}

impl Cells for Answered<'_> {
    fn cell(&self, at: usize) -> Result<Cell<'_>> {
        let corrupt = |cause: &str| StoreError::Corrupt {
            what: format!("column {at} of a row"),
            cause: cause.to_owned(),
        };
        let place = self.places.get(at).ok_or_else(|| corrupt("there is no such column"))?;
        let Some((from, bytes)) = *place else { return Ok(Cell::Null) };
        let text =
            self.heard.get(from..from + bytes).and_then(|text| std::str::from_utf8(text).ok());
        let text = text.ok_or_else(|| corrupt("it is cut short or no UTF-8"))?;
        Ok(match self.kinds.get(at) {
            Some(Kind::Truth) => Cell::Int(i64::from(text == "t")),
            Some(Kind::Number) => {
                Cell::Int(text.parse().map_err(|_| corrupt("a number out of range"))?)
            }
            _ => Cell::Text(text),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_put_into_their_words() {
        assert_eq!(
            in_their_words("SELECT instr(a, ?1) WHERE b = ?2"),
            "SELECT strpos(a, $1) WHERE b = $2"
        );
    }

    #[test]
    fn a_row_cut_short_is_no_row_of_nothing() {
        let mut heard = vec![0, 2];
        heard.extend_from_slice(&length(1));
        heard.push(b'7');
        heard.extend_from_slice(&length(4));
        heard.push(b'x');
        let mut places = Vec::new();
        find_cells(&heard, &mut places);
        let row = Answered { heard: &heard, places: &places, kinds: &[Kind::Number, Kind::Text] };
        assert_eq!(row.cell(0).unwrap(), Cell::Int(7));
        row.cell(1).unwrap_err();
        row.cell(2).unwrap_err();
    }
}
