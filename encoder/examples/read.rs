//! Reads posts, one a line as `title<TAB>text`, and says how fast each kind of instructions is.
//!
//! `cargo run --release -p guanlan-encoder --example read -- FILE < posts.tsv`: a line a post with its likeliest answers, then for each kind of
//! instructions this processor has, posts a second on one core.

use std::io::Read;
use std::time::Instant;

use encoder::{Encoder, Machine};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("usage: read FILE < posts.tsv")?;
    let encoder = Encoder::open(&std::fs::read(path)?)?;
    let mut input = String::new();
    std::io::stdin().read_to_string(&mut input)?;
    let posts = input.lines().map(|l| l.split_once('\t').unwrap_or(("", l))).collect::<Vec<_>>();
    let likeliest = |logs: &[f32]| {
        let best = logs.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |(i, _)| i);
        format!("{best} ({:.2})", logs[best].exp())
    };
    for (reading, (title, text)) in encoder.read_all(&posts).iter().zip(&posts) {
        let start = text.chars().take(20).collect::<String>();
        println!(
            "{} · {} · {}\t{title} {start}",
            likeliest(&reading.polarity),
            likeliest(&reading.kind),
            likeliest(&reading.urgency)
        );
    }
    let tokens = posts.iter().map(|(title, text)| encoder.tokens(title, text)).sum::<usize>();
    let encoder_of = |machine: Machine| {
        std::fs::read(std::env::args().nth(1).unwrap_or_default())
            .ok()
            .and_then(|bytes| Encoder::open(&bytes).ok())
            .map(|e| e.with(machine))
    };
    for machine in Machine::all() {
        let Some(encoder) = encoder_of(machine) else { continue };
        let started = Instant::now();
        let readings = encoder.read_all(&posts);
        let secs = started.elapsed().as_secs_f64();
        println!(
            "{}: {:.1} posts/s ({:.1} where two of five posts are asked of it), {:.1} tokens a post, {:.1} µs a token",
            machine.name(),
            readings.len() as f64 / secs,
            readings.len() as f64 / secs / 0.4,
            tokens as f64 / posts.len() as f64,
            secs * 1e6 / tokens as f64
        );
    }
    Ok(())
}
