//! A data directory, a config, the binary, and what it printed.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// A laboratory: a folder that goes away with it.
pub struct Lab {
    dir: tempfile::TempDir,
}

/// What a run of the binary left.
pub struct Run {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Run {
    /// The run must have ended well.
    #[track_caller]
    pub fn good(self) -> Self {
        assert_eq!(self.code, Some(0), "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }

    /// Standard output as JSON Lines.
    #[track_caller]
    pub fn rows(&self) -> Vec<Value> {
        self.out.lines().map(|l| serde_json::from_str(l).expect("a JSON line")).collect()
    }
}

impl Lab {
    pub fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("a temporary folder") }
    }

    /// One whose posts are judged by the fast models alone: where what is judged is not what is looked at.
    pub fn fast() -> Self {
        let lab = Self::new();
        lab.write("guanlan.toml", "[judge]\ndepth = \"fast\"\n");
        lab
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Leaves the folder where it is, for whoever looks into a failure.
    pub fn keep(self) -> PathBuf {
        self.dir.keep()
    }

    pub fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    /// Writes a file below the laboratory.
    pub fn write(&self, name: impl AsRef<Path>, text: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(&path, text).expect("a file");
        path
    }

    /// The binary with `args`, its data in the laboratory, in English, without the environment's settings.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_guanlan"));
        command
            .current_dir(self.path())
            .env_remove("GUANLAN_CONFIG")
            .env_remove("GUANLAN_DATA_DIR")
            .env_remove("RUST_LOG")
            .args(["--lang", "en"])
            .args(args)
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, args: &[&str]) -> Run {
        let Output { status, stdout, stderr } =
            self.command(args).output().expect("the binary starts");
        Run {
            code: status.code(),
            out: String::from_utf8(stdout).expect("UTF-8 output"),
            err: String::from_utf8_lossy(&stderr).into_owned(),
        }
    }
}

/// A generator of seeded choices (splitmix64): the same on every machine.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % n as u64).expect("below n")
    }
}

/// Signs drawn at random: a text of them tells the same story as no other.
pub fn signs(dice: &mut Dice, count: usize) -> String {
    let sign = |dice: &mut Dice| {
        let place = u32::try_from(dice.below(9_000)).expect("small");
        char::from_u32(0x4e00 + place).expect("an ideograph")
    };
    (0..count).map(|_| sign(dice)).collect()
}

/// The store of a data directory, as a command that reads opens it.
pub fn stored(data: &Path) -> std::sync::Arc<dyn guanlan::store::Store> {
    let data_dir = Some(data.to_owned());
    let overrides = guanlan::config::Overrides { data_dir, ..Default::default() };
    guanlan::engine::open_store(&guanlan::config::Config::shipped(&overrides)).unwrap()
}
