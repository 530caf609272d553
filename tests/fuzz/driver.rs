//! Runs one target over its kept inputs and changes of them, and says what broke.
//!
//! In: a target. Out: nothing, or what broke: a panic, an input over the time limit, memory beyond its bound, time that
//! grows faster than the input. Time is that of this thread's processor, since the machine may be busy.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::dice::Dice;
use crate::targets::Target;

/// Most memory of the process, in KiB: the largest input is 1 MiB, and dictionaries take 100 MiB.
const MAX_RESIDENT_KIB: u64 = 2 * 1024 * 1024;

/// Sizes compared for growth, in bytes: the larger may cost eight times the smaller (four times would be linear).
const SMALL_BYTES: usize = 96 * 1024;
const LARGE_BYTES: usize = 4 * SMALL_BYTES;
const MAX_GROWTH: u32 = 8;

/// Below this nothing is said of growth.
const GROWTH_FROM: Duration = Duration::from_millis(250);

pub struct Driver {
    target: &'static Target,
    seed: u64,
    seeds: Vec<Vec<u8>>,
    dir: tempfile::TempDir,
    max_bytes: usize,
    tried: u64,
    bytes: u64,
    slowest: (Duration, String),
}

impl Driver {
    pub fn new(target: &'static Target, seed: u64) -> Self {
        let root =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(target.name);
        let mut files = Vec::new();
        collect(&root, &mut files);
        let mut seeds: Vec<Vec<u8>> =
            files.iter().map(|file| std::fs::read(file).unwrap()).collect();
        seeds.extend((target.made)());
        let dir = tempfile::tempdir().unwrap();
        Self {
            target,
            seed,
            seeds,
            dir,
            max_bytes: usize::MAX,
            tried: 0,
            bytes: 0,
            slowest: (Duration::ZERO, String::new()),
        }
    }

    /// The files of a folder and of the folders in it are changed too: real ones, which are not kept here.
    pub fn also(&mut self, folder: &Path) {
        let mut files = Vec::new();
        collect(folder, &mut files);
        for inner in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            collect(&inner.path(), &mut files);
        }
        files.sort();
        self.seeds.extend(files.iter().map(|file| std::fs::read(file).unwrap()));
    }

    pub fn seeds(&self) -> usize {
        self.seeds.len()
    }

    pub fn tried(&self) -> u64 {
        self.tried
    }

    /// Inputs are cut to so many bytes from now on: for passes that must be quick.
    pub fn cut_to(&mut self, bytes: usize) {
        self.max_bytes = bytes;
    }

    /// Every kept input as it is.
    pub fn corpus(&mut self) -> Result<(), String> {
        for (n, seed) in self.seeds.clone().iter().enumerate() {
            self.one(seed, &format!("kept input {n}"))?;
        }
        Ok(())
    }

    /// `rounds` changed inputs.
    pub fn rounds(&mut self, rounds: u64) -> Result<(), String> {
        (0..rounds).try_for_each(|round| self.round(round))
    }

    /// Changed inputs for so long; tells a line a minute.
    pub fn minutes(&mut self, minutes: f64) -> Result<(), String> {
        let (begin, mut told) = (Instant::now(), Instant::now());
        let mut round = 0;
        while begin.elapsed().as_secs_f64() < minutes * 60.0 {
            self.round(round)?;
            round += 1;
            if told.elapsed() > Duration::from_secs(60) {
                self.tell("so far");
                told = Instant::now();
            }
        }
        self.tell("done, no panic");
        Ok(())
    }

    /// Each piece of the target's grammar alone, in two sizes.
    pub fn growth(&mut self) -> Result<(), String> {
        let mut worst = (0.0, "");
        for piece in self.target.pieces {
            let of = |bytes: usize| piece.repeat(bytes / piece.len().max(1)).into_bytes();
            let small = self.timed(&of(SMALL_BYTES));
            let large = self.timed(&of(LARGE_BYTES));
            let growth = large.as_secs_f64() / small.as_secs_f64().max(0.001);
            if growth > worst.0 && large > Duration::from_millis(20) {
                worst = (growth, piece);
            }
            if large > GROWTH_FROM && large > small * MAX_GROWTH {
                return Err(format!(
                    "{piece:?}: {small:?} for {SMALL_BYTES} bytes, {large:?} for four times as many"
                ));
            }
        }
        println!(
            "{}: growth at most {:.1} × for four times the bytes ({:?})",
            self.target.name, worst.0, worst.1
        );
        Ok(())
    }

    fn timed(&self, input: &[u8]) -> Duration {
        let before = processor();
        (self.target.run)(input, self.dir.path());
        processor().saturating_sub(before)
    }

    fn round(&mut self, round: u64) -> Result<(), String> {
        let mut dice = Dice::new(self.seed.wrapping_mul(1_000_003).wrapping_add(round));
        let mut input = dice.input(&self.seeds, self.target.pieces);
        input.truncate(self.max_bytes);
        self.one(&input, &format!("round {round}"))
    }

    fn one(&mut self, input: &[u8], name: &str) -> Result<(), String> {
        self.tried += 1;
        self.bytes += input.len() as u64;
        let run = || self.timed(input);
        let Ok(mut spent) = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)) else {
            return Err(format!("{name} panics; {}", self.kept(input)));
        };
        let most = self.target.limit * if cfg!(debug_assertions) { 20 } else { 1 };
        if spent > most {
            // The first time may have paid for a table that is made once.
            spent = spent.min(self.timed(input));
        }
        if spent > self.slowest.0 {
            self.slowest = (spent, format!("{name}, {} bytes", input.len()));
        }
        if spent > most {
            return Err(format!(
                "{name} takes {spent:?}, more than {most:?}; {}",
                self.kept(input)
            ));
        }
        match resident_kib() {
            Some(kib) if kib > MAX_RESIDENT_KIB => Err(format!(
                "{name}: {kib} KiB resident, more than {MAX_RESIDENT_KIB}; {}",
                self.kept(input)
            )),
            _ => Ok(()),
        }
    }

    /// Writes what broke something where it can be looked at.
    fn kept(&self, input: &[u8]) -> String {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/fuzz").join(self.target.name);
        let path = dir.join(format!("seed{}-{}.bin", self.seed, self.tried));
        match std::fs::create_dir_all(&dir).and_then(|()| std::fs::write(&path, input)) {
            Ok(()) => format!("input in {}", path.display()),
            Err(error) => format!("input not kept: {error}"),
        }
    }

    fn tell(&self, what: &str) {
        println!(
            "{}: {what}: {} inputs, {} MB, slowest {:?} ({}), at most {} MiB resident",
            self.target.name,
            self.tried,
            self.bytes >> 20,
            self.slowest.0,
            self.slowest.1,
            resident_kib().unwrap_or_default() / 1024
        );
    }
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    let mut entries: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    files.extend(entries.into_iter().filter(|path| path.is_file()));
}

/// Processor time of this thread where the system tells it, else wall time.
fn processor() -> Duration {
    static BEGIN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told.and_then(|t| t.split(' ').next().and_then(|n| n.parse().ok()));
    nanos.map_or_else(|| BEGIN.get_or_init(Instant::now).elapsed(), Duration::from_nanos)
}

/// The most memory this process ever held, where the system tells it.
fn resident_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
