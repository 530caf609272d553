//! The encoder against plain arithmetic: a small file made here, read by every kind of instructions this processor has.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use pulp::NullaryFnOnce;
use sha2::{Digest, Sha256};

use crate::curves::{Attention, Desk, Gelu, HEAD, exp};
use crate::product::{GROUP, Matrix, product};
use crate::tokens::Tokens;
use crate::{Encoder, EncoderError, Machine, Meaning};

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u32 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as u32
    }

    fn real(&mut self) -> f32 {
        self.next() as f32 / (1u64 << 30) as f32 - 1.0
    }

    fn reals(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.real()).collect()
    }
}

#[test]
fn products_are_exact_sums_on_every_machine() {
    [4, 5].into_iter().for_each(exact_sums);
}

fn exact_sums(bits: u32) {
    let (rows, columns, tokens) = (48, 96, 13);
    let mut dice = Dice(1);
    let weights = (0..rows * columns).map(|_| (dice.next() % (1 << bits)) as u8);
    let weights = weights.collect::<Vec<_>>();
    let scales =
        (0..rows * columns / GROUP).map(|_| (dice.next() % 255) as u8 as i8).collect::<Vec<_>>();
    let row_scales = dice.reals(rows);
    let bias = dice.reals(rows);
    let matrix = Matrix::new(columns, bits, &weights, &scales, &row_scales, &bias).unwrap();
    let values = dice.reals(tokens * columns);
    for machine in Machine::all() {
        let mut bytes = Tokens::default();
        bytes.fill(machine, &values, columns);
        let mut out = vec![0.0; tokens * rows];
        product(machine, &bytes, &matrix, &mut out);
        for (token, values) in values.chunks(columns).enumerate() {
            let top = values.iter().fold(0.0f32, |a, b| a.max(b.abs()));
            for row in 0..rows {
                let sum = (0..columns).map(|k| {
                    let byte = (values[k] * (127.0 / top)).round_ties_even() as i64;
                    let scale = i64::from(scales[(row * columns + k) / GROUP]);
                    let weight = i64::from(weights[row * columns + k]) - (1 << (bits - 1));
                    byte * weight * scale
                });
                let sum = sum.sum::<i64>() as f32;
                let wanted = sum * (top / 127.0 * row_scales[row]) + bias[row];
                let name = machine.name();
                assert_eq!(out[token * rows + row], wanted, "{bits} bits, {name} {token} {row}");
            }
        }
    }
}

#[test]
fn the_gravest_numbers_do_not_overflow() {
    let (rows, columns) = (16, 1536);
    for (bits, least) in [(4, 8), (5, 16)] {
        let weights = vec![0; rows * columns];
        let matrix =
            Matrix::new(columns, bits, &weights, &[-128; 768], &[1.0; 16], &[0.0; 16]).unwrap();
        for machine in Machine::all() {
            let mut bytes = Tokens::default();
            bytes.fill(machine, &vec![-1.0; columns], columns);
            let mut out = vec![0.0; rows];
            product(machine, &bytes, &matrix, &mut out);
            let wanted = (127 * least * -128 * 1536) as f32 * (1.0 / 127.0);
            assert_eq!(out, vec![wanted; rows], "{bits} bits, {}", machine.name());
        }
    }
}

#[test]
fn sizes_that_do_not_fit_make_no_matrix() {
    assert!(Matrix::new(32, 4, &[0; 32 * 15], &[0; 15], &[0.0; 15], &[0.0; 15]).is_none());
    assert!(Matrix::new(48, 4, &[0; 48 * 16], &[0; 24], &[0.0; 16], &[0.0; 16]).is_none());
    assert!(Matrix::new(32, 4, &[0; 32 * 16], &[0; 15], &[0.0; 16], &[0.0; 16]).is_none());
    // A sum of six bits would not fit its lane.
    assert!(Matrix::new(32, 6, &[0; 32 * 16], &[0; 16], &[0.0; 16], &[0.0; 16]).is_none());
}

#[test]
fn the_curves_are_those_of_the_books() {
    for i in -870..=880 {
        let x = i as f32 / 10.0;
        let wanted = f64::from(x).exp();
        // The product with log2 e is rounded once, which counts as many units as it is large.
        let most = 2e-7 * (5.0 + f64::from(x).abs());
        assert!((f64::from(exp(x)) / wanted - 1.0).abs() < most, "exp {x}");
    }
    let mut values = (-160..160).map(|i| i as f32 / 20.0).collect::<Vec<_>>();
    let xs = values.clone();
    Gelu(&mut values).call();
    for (x, value) in xs.iter().zip(values) {
        let x = f64::from(*x);
        assert!((f64::from(value) - x * below(x)).abs() < 2e-6, "gelu {x}: {value}");
    }
}

/// Share of a normal distribution below `x`, by Simpson's rule.
fn below(x: f64) -> f64 {
    let density = |t: f64| (-t * t / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let step = x / 2000.0;
    let parts = (0..1000).map(|i| {
        let at = f64::from(i) * 2.0 * step;
        density(at) + 4.0 * density(at + step) + density(at + 2.0 * step)
    });
    0.5 + parts.sum::<f64>() * step / 3.0
}

#[test]
fn attention_is_a_mean_of_values_by_the_likeness_of_keys() {
    let (tokens, width) = (19, 2 * HEAD);
    let qkv = Dice(2).reals(tokens * 3 * width);
    let at = |token: usize, which: usize, head: usize| {
        &qkv[token * 3 * width + which * width + head * HEAD..][..HEAD]
    };
    for machine in Machine::all() {
        let mut out = vec![0.0; tokens * width];
        let mut desk = Desk::default();
        machine.run(Attention { qkv: &qkv, width, out: &mut out, desk: &mut desk });
        for token in 0..tokens {
            for head in 0..2 {
                let likeness = (0..tokens).map(|other| {
                    let sum = at(token, 0, head).iter().zip(at(other, 1, head)).map(|(a, b)| a * b);
                    (f64::from(sum.sum::<f32>()) / 32f64.sqrt()).exp()
                });
                let likeness = likeness.collect::<Vec<_>>();
                let whole = likeness.iter().sum::<f64>();
                for d in 0..HEAD {
                    let parts =
                        (0..tokens).map(|o| likeness[o] / whole * f64::from(at(o, 2, head)[d]));
                    let found = f64::from(out[token * width + head * HEAD + d]);
                    assert!((parts.sum::<f64>() - found).abs() < 1e-5, "{}", machine.name());
                }
            }
        }
    }
}

/// What stands before the matrices: the header, the pieces, the map.
fn small_beginning(header: &str) -> Vec<u8> {
    let mut out = b"GLENC1\n\0".to_vec();
    out.extend((header.len() as u32).to_le_bytes());
    out.extend(header.as_bytes());
    for name in ["", "", "", "", "▁", "工", "资", "工资"] {
        out.extend((-1.0f32 - name.len() as f32).to_le_bytes());
        out.push(name.len() as u8);
        out.extend(name.as_bytes());
    }
    out.extend(1u32.to_le_bytes());
    out.extend(('Ａ' as u32).to_le_bytes());
    out.push(1);
    out.extend(('A' as u32).to_le_bytes());
    out
}

/// A whole file of small sizes: two layers, one head of attention, eight pieces, so many numbers of meaning, the second layer
/// of so many bits a weight.
fn small_file(vector: usize, bits: usize) -> Vec<u8> {
    let mut dice = Dice(3);
    let more = if vector > 0 {
        format!(r#","vector":{vector},"shared":1,"bits":{bits}"#)
    } else {
        String::new()
    };
    let header = format!(
        r#"{{"width":32,"layers":2,"inner":64,"pieces":8,"tokens":16,"epsilon":1e-12,
        "heads":[3,13,4],"prefix":"query: "{more}}}"#
    );
    let mut out = small_beginning(&header);
    let mut reals = |out: &mut Vec<u8>, count: usize| {
        for _ in 0..count {
            out.extend((dice.real() * 0.05).to_le_bytes());
        }
    };
    let mut bytes = Dice(4);
    let mut matrix = |out: &mut Vec<u8>, rows: usize, columns: usize, bits: usize| {
        reals(out, rows);
        out.extend((0..rows * columns / GROUP).map(|_| (bytes.next() % 40) as u8));
        let packed = rows * columns / 2 + rows * columns / 8 * (bits - 4);
        out.extend((0..packed).map(|_| bytes.next() as u8));
        reals(out, rows);
    };
    matrix(&mut out, 8, 32, 4);
    out.truncate(out.len() - 8 * 4);
    let mut plain = Dice(5);
    let mut more = |out: &mut Vec<u8>, count: usize| {
        for _ in 0..count {
            out.extend(plain.real().to_le_bytes());
        }
    };
    more(&mut out, 16 * 32 + 64);
    let mut layer = |out: &mut Vec<u8>, bits: usize| {
        matrix(out, 96, 32, bits);
        matrix(out, 32, 32, bits);
        more(out, 64);
        matrix(out, 64, 32, bits);
        matrix(out, 32, 64, bits);
        more(out, 64);
    };
    layer(&mut out, 4);
    layer(&mut out, bits);
    let mut heads = Dice(6);
    let mut reals = |out: &mut Vec<u8>, count: usize| {
        (0..count).for_each(|_| out.extend(heads.real().to_le_bytes()));
    };
    reals(&mut out, 20 * 64 + 20);
    if vector > 0 {
        layer(&mut out, 4);
        reals(&mut out, vector * 32 + vector);
    }
    sealed(out)
}

fn sealed(mut body: Vec<u8>) -> Vec<u8> {
    let digest = Sha256::digest(&body);
    body.extend_from_slice(digest.as_slice());
    body
}

#[test]
fn every_machine_reads_the_same_alone_and_among_others() {
    let file = small_file(8, 5);
    let posts = [
        ("", "工资工资资"),
        ("工", "资 工 资"),
        ("", ""),
        ("", "鑫Ａ工工工工工资工工资资资资资资资资资资"),
    ];
    let plain = Encoder::open(&file).unwrap().with(Machine::Plain);
    let first = plain.read_all(&posts);
    for reading in &first {
        let sum = reading.kind.iter().map(|v| v.exp()).sum::<f32>();
        assert!((sum - 1.0).abs() < 1e-5, "{sum}");
    }
    assert_ne!(first[0], first[1]);
    for machine in Machine::all() {
        let encoder = Encoder::open(&file).unwrap().with(machine);
        let all = encoder.read_all(&posts);
        for ((post, reading), wanted) in posts.iter().zip(&all).zip(&first) {
            let alone = encoder.read(post.0, post.1);
            assert_eq!(*reading, alone, "{}", machine.name());
            for (a, b) in reading.kind.iter().zip(&wanted.kind) {
                assert!((a - b).abs() < 1e-3, "{}: {a} {b}", machine.name());
            }
        }
        for (post, reading) in posts.iter().zip(&all) {
            let about = encoder.about(post.0, post.1).unwrap();
            let (is, was) = (&about.meaning, plain.about(post.0, post.1).unwrap().meaning);
            assert!(is.as_ref().unwrap().cosine(&was.unwrap()).unwrap() > 0.999);
            let whole = encoder.read_whole(post.0, post.1);
            assert_eq!((whole.reading, whole.about), (*reading, Some(about)));
        }
    }
    assert_eq!(
        plain.tokens("", "鑫Ａ工工工工工资工工资资资资资资资资资资"),
        16,
        "cut at the header's tokens"
    );
}

#[test]
fn a_file_that_is_none_or_damaged_is_told_apart() {
    let file = small_file(8, 5);
    assert!(matches!(Encoder::open(b""), Err(EncoderError::NotOurs)));
    assert!(matches!(Encoder::open(b"GLM1 whatever"), Err(EncoderError::NotOurs)));
    let mut damaged = file.clone();
    damaged[500] ^= 1;
    assert!(matches!(Encoder::open(&damaged), Err(EncoderError::Damaged(_))));
    assert!(matches!(Encoder::open(&file[..file.len() - 1]), Err(EncoderError::Damaged(_))));
    let body = &file[..file.len() - 32];
    let message = |bytes: &[u8]| Encoder::open(&sealed(bytes.to_vec())).unwrap_err().to_string();
    assert!(message(&body[..body.len() - 40]).contains("it ends at byte"));
    assert!(message(&[body, &[0; 3]].concat()).contains("3 bytes are left over"));
    let other = String::from_utf8_lossy(&body[12..60]).replace("\"width\":32", "\"width\":33");
    assert!(message(&[&body[..12], other.as_bytes(), &body[60..]].concat()).contains("sizes"));
    for cut in (0..body.len()).step_by(97) {
        assert!(Encoder::open(&sealed(body[..cut].to_vec())).is_err());
    }
}

#[test]
fn what_a_post_is_about_is_a_direction_of_bytes() {
    let encoder = Encoder::open(&small_file(8, 5)).unwrap();
    assert!(encoder.has_meaning());
    let of = |text: &str| encoder.about("", text).unwrap().meaning.unwrap();
    let (one, other) = (of("工资工资资"), of("资 工 资"));
    assert_eq!(one.numbers().len(), 8);
    let length = one.numbers().iter().map(|v| f32::from(*v).powi(2)).sum::<f32>().sqrt();
    assert!((length - 127.0).abs() < 2.0, "{length}");
    assert!((one.cosine(&of("工资工资资")).unwrap() - 1.0).abs() < 1e-6);
    assert!(one.cosine(&other).unwrap() < 0.9999);
    let stored = serde_json::to_string(&one).unwrap();
    assert_eq!(stored.len(), 16, "{stored}");
    assert_eq!(serde_json::from_str::<Meaning>(&stored).unwrap(), one);
    for broken in [r#""""#, r#""AAAA""#, r#""?""#, "7"] {
        assert!(serde_json::from_str::<Meaning>(broken).is_err(), "{broken}");
    }
    // Numbers of another file say nothing beside these.
    assert_eq!(one.cosine(&Meaning::of([0, 0], &[1.0; 8]).unwrap()), None);
    assert_eq!(Meaning::of([0, 0], &[0.0; 8]), None);
}

#[test]
fn what_the_words_say_adds_up_to_the_odds() {
    let encoder = Encoder::open(&small_file(8, 5)).unwrap();
    let (title, text) = (" 工", "资 工 鑫资工资");
    let whole = encoder.read_whole(title, text);
    let words = whole.said.iter().map(|s| {
        let of = if s.is_title { title } else { text };
        &of[s.bytes[0] as usize..s.bytes[1] as usize]
    });
    assert_eq!(words.collect::<Vec<_>>(), ["工", "资", " ", "工", " ", "鑫", "资", "工资"]);
    // Odds of one polarity against the next, but for what is always added.
    let bias = &encoder.parts.heads_bias;
    for (a, b) in [(0, 1), (1, 2)] {
        let sum = whole.said.iter().map(|s| s.polarity[a] - s.polarity[b]).sum::<f32>();
        let odds = whole.reading.polarity[a] - whole.reading.polarity[b] - (bias[a] - bias[b]);
        assert!((sum - odds).abs() < 1e-3, "{sum} {odds}");
    }
    assert_eq!(encoder.read_whole("", "").said.len(), 0);
}

#[test]
fn a_file_without_meanings_is_read_as_before() {
    let [with, without] = [8, 0].map(|vector| Encoder::open(&small_file(vector, 4)).unwrap());
    assert!(!without.has_meaning());
    assert_eq!(with.read("工", "资 工 资"), without.read("工", "资 工 资"));
    assert_eq!(without.about("工", "资 工 资"), None);
    assert_eq!(with.mark(), Some(with.about("工", "资").unwrap().mark));
    assert_eq!(without.mark(), None);
}
