// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What signals cost in a component: `component.wasm ROUNDS`. Prints a sample a
//! line, as bench/samples.mjs reads them. No signal is raised.

use std::hint::black_box;
use std::time::Instant;

use wasmsig_guest::poll;

#[link(wasm_import_module = "wasmsig:signals/signals@0.1.0")]
extern "C" {
    fn take(handled: u64) -> u64;
}

/// What one sample should take: less than a slice of the scheduler.
const SAMPLE_NS: f64 = 300_000.0;

/// Divisions that wait for each other. A function, so that it is the same code with
/// and without polls.
#[inline(never)]
fn work(divisions: u32, x: f64) -> f64 {
    (0..divisions).fold(x, |x, _| 1.5 / x + 0.25)
}

#[inline(never)]
fn bare(turns: u32, divisions: u32) {
    let mut x = 1.0;
    for _ in 0..turns {
        x = work(divisions, black_box(x));
    }
    black_box(x);
}

#[inline(never)]
fn polled(turns: u32, divisions: u32) {
    let mut x = 1.0;
    for _ in 0..turns {
        x = work(divisions, black_box(x));
        black_box(poll());
    }
    black_box(x);
}

fn take_often(times: u32) {
    for _ in 0..times {
        // SAFETY: as in wit/signals.wit.
        black_box(unsafe { take(0) });
    }
}

fn read_clock_often(times: u32) {
    for _ in 0..times {
        black_box(Instant::now());
    }
}

/// Nanoseconds for each of `times`. The first run is not measured: after a pause,
/// such as the time of another row, polls call more often at first.
fn measure(times: u32, run: impl Fn(u32)) -> f64 {
    run(times);
    let start = Instant::now();
    run(times);
    start.elapsed().as_nanos() as f64 / f64::from(times)
}

/// How many times take about as long as a sample should.
fn calibrate(run: impl Fn(u32)) -> u32 {
    let best = (0..9).map(|_| measure(256, &run)).fold(f64::MAX, f64::min);
    (SAMPLE_NS / best.max(0.1)) as u32 + 1
}

struct Row {
    name: &'static str,
    baseline: &'static str,
    times: u32,
    ours: Box<dyn Fn(u32)>,
    theirs: Box<dyn Fn(u32)>,
}

fn row(
    name: &'static str,
    baseline: &'static str,
    ours: impl Fn(u32) + 'static,
    theirs: impl Fn(u32) + 'static,
) -> Row {
    Row {
        name,
        baseline,
        times: calibrate(&theirs),
        ours: Box::new(ours),
        theirs: Box::new(theirs),
    }
}

fn turns(name: &'static str, divisions: u32) -> Row {
    row(
        name,
        "no polls",
        move |times| polled(times, divisions),
        move |times| bare(times, divisions),
    )
}

fn print(row: &Row, who: &str, sample: f64) {
    let Row { name, baseline, .. } = row;
    println!(
        "{{\"bench\":\"components\",\"row\":\"{name}\",\"who\":\"{who}\",\
         \"what\":\"{baseline}\",\"unit\":\"ns\",\"sample\":{sample:.3}}}"
    );
}

fn main() {
    let rounds: u32 = std::env::args().nth(1).unwrap().parse().unwrap();
    let rows = [
        row("take", "Instant::now", take_often, read_clock_often),
        turns("poll, a turn of 1 division", 1),
        turns("poll, a turn of 20 divisions", 20),
        turns("poll, a turn of 20000 divisions", 20_000),
    ];
    for round in 0..rounds {
        for row in &rows {
            let ours = || print(row, "wasmsig", measure(row.times, &row.ours));
            let theirs = || print(row, "baseline", measure(row.times, &row.theirs));
            if round % 2 == 0 {
                ours();
                theirs();
            } else {
                theirs();
                ours();
            }
        }
    }
}
