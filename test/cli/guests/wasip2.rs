// SPDX-License-Identifier: Apache-2.0 OR MIT
//! A program for WASI 0.2: `wasip2.wasm WHAT [ARGUMENTS]`.
use std::io::{stdin, stdout, Write};
use std::time::{Duration, Instant, SystemTime};
use std::{env, fs, hint, process, thread};

fn spin() -> ! {
    let mut turns = 0u64;
    loop {
        turns = hint::black_box(turns + 1);
    }
}

/// Prints how many MiB it gets.
fn grow() {
    let mut blocks: Vec<Vec<u8>> = Vec::new();
    loop {
        let mut block = Vec::new();
        if block.try_reserve_exact(1 << 20).is_err() {
            break println!("{}", blocks.len());
        }
        block.resize(1 << 20, 1);
        blocks.push(block);
    }
}

/// Prints whether both clocks work and two seeds differ.
fn clocks_and_random() {
    use std::hash::{BuildHasher, RandomState};
    let start = Instant::now();
    thread::sleep(Duration::from_millis(2));
    let since_1970 = SystemTime::UNIX_EPOCH.elapsed().unwrap();
    let seed = || RandomState::new().hash_one(1);
    println!(
        "{} {} {}",
        start.elapsed() >= Duration::from_millis(2),
        since_1970 > Duration::from_secs(1_700_000_000),
        seed() != seed()
    );
}

fn list(folder: &str) {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    println!("{}", names.join(" "));
}

fn main() {
    let arguments: Vec<String> = env::args().collect();
    match arguments[1].as_str() {
        "arguments" => println!("{}", arguments.join(" ")),
        "variables" => env::vars().for_each(|(name, value)| println!("{name}={value}")),
        "copy" => {
            std::io::copy(&mut stdin(), &mut stdout()).unwrap();
        }
        "stderr" => eprintln!("to standard error"),
        "exit" => process::exit(arguments[2].parse().unwrap()),
        "spin" => spin(),
        "print-and-spin" => {
            print!("printed");
            stdout().flush().unwrap();
            spin()
        }
        "sleep" => thread::sleep(Duration::from_secs(1000)),
        "read" => print!("{}", fs::read_to_string(&arguments[2]).unwrap()),
        "write" => match fs::write(&arguments[2], "new") {
            Ok(()) => println!("written"),
            Err(error) => println!("{:?}", error.kind()),
        },
        "connect" => match std::net::TcpStream::connect(&arguments[2]) {
            Ok(_) => println!("connected"),
            Err(error) => println!("{:?}", error.kind()),
        },
        "list" => list(&arguments[2]),
        "grow" => grow(),
        "clocks-and-random" => clocks_and_random(),
        "panic" => panic!("on request"),
        other => panic!("unknown: {other}"),
    }
}
